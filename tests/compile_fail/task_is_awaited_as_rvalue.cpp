#include <carousel/carousel.hpp>

#include <utility>

// error: a task is awaited once, as an rvalue: co_await std::move(t)

carousel::task<> use(carousel::task<> t) {
#ifdef CAROUSEL_EXPECT_FAILURE
  co_await t;
#else
  co_await std::move(t);
#endif
}
