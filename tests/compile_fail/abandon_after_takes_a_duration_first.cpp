#include <carousel/carousel.hpp>

#include <chrono>

// error: first comes a duration, then what it is for: abandon_after(1s, file.read_at(...))

auto use(const carousel::tcp_listener& listener) {
  constexpr std::chrono::seconds duration(1);
#ifdef CAROUSEL_EXPECT_FAILURE
  return carousel::abandon_after(listener.accept(), duration);
#else
  return carousel::abandon_after(duration, listener.accept());
#endif
}
