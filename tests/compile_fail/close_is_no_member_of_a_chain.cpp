#include <carousel/carousel.hpp>

#include <utility>
#include <vector>

// error: close() cannot be a member of a chain

carousel::task<> use(carousel::file f, carousel::tcp_stream peer) {
  std::vector<char> bytes(8);
#ifdef CAROUSEL_EXPECT_FAILURE
  (void)co_await carousel::linked(f.write_at(std::move(bytes), 0), std::move(f).close());
#else
  (void)co_await carousel::linked(f.write_at(std::move(bytes), 0), f.sync_data());
#endif
  (void)f;
  (void)peer;
}
