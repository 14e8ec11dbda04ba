#include <carousel/carousel.hpp>

// error: a task does nothing until it is awaited

carousel::task<> nothing() { co_return; }

carousel::task<> use() {
#ifdef CAROUSEL_EXPECT_FAILURE
  nothing();
  co_return;
#else
  co_await nothing();
#endif
}
