#include <carousel/carousel.hpp>

#include <utility>

// error: split() takes the stream apart: std::move(stream).split()

auto use(carousel::tcp_stream& peer) {
#ifdef CAROUSEL_EXPECT_FAILURE
  return peer.split();
#else
  return std::move(peer).split();
#endif
}
