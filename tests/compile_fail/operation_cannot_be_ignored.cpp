#include <carousel/carousel.hpp>

// error: an operation does nothing until it is awaited

carousel::task<> use(carousel::file f) {
#ifdef CAROUSEL_EXPECT_FAILURE
  f.sync_all();
  co_return;
#else
  (void)co_await f.sync_all();
#endif
}
