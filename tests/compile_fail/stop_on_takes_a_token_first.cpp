#include <carousel/carousel.hpp>

#include <stop_token>
#include <utility>

// error: first comes a std::stop_token, then what it stops: stop_on(token, queue.receive())

auto use(std::stop_token token, const carousel::tcp_listener& listener) {
#ifdef CAROUSEL_EXPECT_FAILURE
  return carousel::stop_on(listener.accept(), std::move(token));
#else
  return carousel::stop_on(std::move(token), listener.accept());
#endif
}
