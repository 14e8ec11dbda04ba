#include <carousel/carousel.hpp>

#include <chrono>

// error: first comes a duration, then what it is for: timeout(1s, file.read_at(...))

auto use(const carousel::tcp_listener& listener) {
#ifdef CAROUSEL_EXPECT_FAILURE
  return carousel::timeout(1, listener.accept());
#else
  return carousel::timeout(std::chrono::seconds(1), listener.accept());
#endif
}
