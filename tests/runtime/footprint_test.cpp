#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <array>
#include <cstddef>
#include <vector>

#include "support/counted_heap.hpp"
#include "support/run.hpp"

// What a program has to have for one more of what it has many of.

namespace carousel {
namespace {

using test::heap;
using test::run;

/// What the allocator has given out to this thread, with the word of its own before each block.
std::size_t heap_taken() { return heap.total_bytes + heap.allocations * sizeof(std::size_t); }

task<> waits_for_more(unix_stream peer, buf_group group) {
  const receive_stream in = peer.receive(group);
  const auto lease = co_await in.next();
  EXPECT_FALSE(lease);
}

TEST(footprint, a_connection_that_waits_on_a_group_takes_a_KiB_with_its_task) {
  if (!CAROUSEL_COUNTS_ALLOCATIONS) GTEST_SKIP() << "a sanitizer counts for itself";
#if !defined(__OPTIMIZE__)
  GTEST_SKIP() << "frames of coroutines are larger where nothing is optimised";
#endif
  // Beyond the first ones they take one whole chunk of slots.
  constexpr std::size_t first = 128;
  constexpr std::size_t connections = detail::slot_table::chunk_slots;
  run([]() -> task<> {
    const auto pool = or_throw(fixed_buf_pool::make({{.capacity = 4096, .count = 64}}));
    const buf_group group = or_throw(pool.group(4096, 64));
    std::vector<int> peers;
    std::vector<join_handle<void>> waiting;
    peers.reserve(first + connections);
    waiting.reserve(first + connections);
    std::size_t before = 0;
    for (std::size_t i = 0; i < first + connections; ++i) {
      if (i == first) before = heap_taken();
      std::array<int, 2> ends{};
      EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
      waiting.push_back(spawn(waits_for_more(unix_stream::from_fd(ends[0]), group)));
      peers.push_back(ends[1]);
      co_await yield();
    }
    EXPECT_LE((heap_taken() - before) / connections, 1024U);
    for (const int peer : peers) ::close(peer);
    for (auto& one : waiting) co_await std::move(one);
  });
}

}  // namespace
}  // namespace carousel
