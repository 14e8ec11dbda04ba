#include <carousel/carousel.hpp>

// error: this was not awaited: or_throw(co_await ...)

carousel::task<carousel::tcp_stream> use(const carousel::tcp_listener& listener) {
#ifdef CAROUSEL_EXPECT_FAILURE
  auto peer = carousel::or_throw(listener.accept());
#else
  auto peer = carousel::or_throw(co_await listener.accept());
#endif
  co_return peer;
}
