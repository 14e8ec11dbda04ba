#include <carousel/carousel.hpp>

// error: a stream that ends with its first connection closes those that have come after it

carousel::task<bool> use(const carousel::tcp_listener& listener) {
#ifdef CAROUSEL_EXPECT_FAILURE
  const auto peer = co_await listener.incoming().next();
#else
  const auto in = listener.incoming();
  const auto peer = co_await in.next();
#endif
  co_return peer.has_value();
}
