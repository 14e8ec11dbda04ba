#include <carousel/carousel.hpp>

#include <utility>

// error: argument discards qualifiers

carousel::task<> use(carousel::task<> t) {
#ifdef CAROUSEL_EXPECT_FAILURE
  co_await t;
#else
  co_await std::move(t);
#endif
}
