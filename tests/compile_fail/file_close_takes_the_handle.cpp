#include <carousel/carousel.hpp>

#include <utility>

// error: close() takes the handle: co_await std::move(x).close()

auto use(carousel::file& opened) {
#ifdef CAROUSEL_EXPECT_FAILURE
  return opened.close();
#else
  return std::move(opened).close();
#endif
}
