#include <carousel/carousel.hpp>

#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

// error: futex_wait() and futex_wake() cannot be members of a chain

carousel::task<> use(carousel::file f, const std::atomic<std::uint32_t>& word) {
  std::vector<char> bytes(8);
#ifdef CAROUSEL_EXPECT_FAILURE
  (void)co_await carousel::linked(f.write_at(std::move(bytes), 0), carousel::futex_wake(word));
#else
  (void)co_await carousel::linked(f.write_at(std::move(bytes), 0), f.sync_data());
  (void)word;
#endif
}
