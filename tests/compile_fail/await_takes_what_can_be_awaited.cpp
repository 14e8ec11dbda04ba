#include <carousel/carousel.hpp>

// error: this cannot be awaited: co_await a task, an operation or a verb around it

carousel::task<> use(carousel::accept_stream<carousel::tcp_stream> in) {
#ifdef CAROUSEL_EXPECT_FAILURE
  co_await in;
#else
  (void)co_await in.next();
#endif
}
