#include <carousel/carousel.hpp>

#include <utility>

// error: close() takes the handle: co_await std::move(x).close()

auto use(carousel::tcp_listener& listener) {
#ifdef CAROUSEL_EXPECT_FAILURE
  return listener.close();
#else
  return std::move(listener).close();
#endif
}
