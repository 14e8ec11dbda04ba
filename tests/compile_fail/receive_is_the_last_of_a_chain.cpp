#include <carousel/carousel.hpp>

#include <utility>
#include <vector>

// error: the kernel starts what is linked to this operation whatever becomes of it

carousel::task<> use(carousel::file f, carousel::tcp_stream peer) {
  std::vector<char> bytes(8);
#ifdef CAROUSEL_EXPECT_FAILURE
  (void)co_await carousel::linked(peer.read(std::move(bytes)), f.sync_data());
#else
  (void)co_await carousel::linked(f.write_at(std::vector<char>(8), 0), peer.read(std::move(bytes)));
#endif
  (void)f;
  (void)peer;
}
