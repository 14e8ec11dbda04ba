#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

#include "support/counted_heap.hpp"
#include "support/in_flight.hpp"
#include "support/logged_bytes.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/small.hpp"

// Buffer objects that find no room in a slot.

namespace carousel {
namespace {

/// Memory of somebody else's, in an object that is larger than it must be.
struct bulky_view {
  std::array<std::byte, test::small>* memory;
  std::size_t filled = 0;
  std::array<std::size_t, 4> more{};
};

}  // namespace

template <>
struct buf_traits<bulky_view> {
  static constexpr bool stable_address = true;
  static std::byte* data(bulky_view& b) noexcept { return b.memory->data(); }
  static const std::byte* data(const bulky_view& b) noexcept { return b.memory->data(); }
  static std::size_t size(const bulky_view& b) noexcept { return b.filled; }
  static std::size_t capacity(const bulky_view& b) noexcept { return b.memory->size(); }
  static void set_size(bulky_view& b, std::size_t n) noexcept { b.filled = n; }
};
static_assert(!detail::slot::has_room_for<bulky_view>);

namespace {

using test::heap;
using test::logged_bytes;
using test::pipe_pair;
using test::run;
using test::small;

using large_buf = buf_slice<owned_bytes>;
using logged_buf = buf_slice<logged_bytes>;
static_assert(!detail::slot::has_room_for<large_buf> && !detail::slot::has_room_for<logged_buf>);

large_buf room() { return slice(test::room(), 0); }
logged_buf room(int& ended) { return slice(logged_bytes(small, ended), 0); }

TEST(large_buffer, takes_nothing_of_the_heap_in_a_steady_state) {
  if (!CAROUSEL_COUNTS_ALLOCATIONS) GTEST_SKIP() << "a sanitizer counts for itself";
  constexpr int rounds = 200;
  constexpr int warm_up = 20;
  const pipe_pair quiet;
  run([&]() -> task<> {
    const auto zeroes = co_await file::open("/dev/zero");
    const file end = quiet.reader();
    auto buf = room();
    std::size_t before = 0;
    for (int i = 0; i < warm_up + rounds; ++i) {
      if (i == warm_up) before = heap.allocations;
      auto r = co_await zeroes->read(std::move(buf));
      EXPECT_EQ(r.res, small);
      auto late = co_await timeout(std::chrono::nanoseconds(0), end.read(std::move(r.buf)));
      EXPECT_FALSE(late.res);
      auto [one, two] =
          co_await linked(zeroes->read_at(std::move(late.buf), 0), zeroes->sync_data());
      buf = std::move(one.buf);
    }
    EXPECT_EQ(heap.allocations - before, 0U);
  });
}

task<> read_forever(file from, bulky_view into) { (void)co_await from.read(into); }

TEST(large_buffer, takes_nothing_of_the_heap_where_reads_are_aborted_again_and_again) {
  if (!CAROUSEL_COUNTS_ALLOCATIONS) GTEST_SKIP() << "a sanitizer counts for itself";
  constexpr int rounds = 200;
  constexpr int warm_up = 20;
  const pipe_pair quiet;
  std::array<std::byte, small> memory{};
  run([&]() -> task<> {
    const file end = quiet.reader();
    std::size_t before = 0;
    for (int i = 0; i < warm_up + rounds; ++i) {
      if (i == warm_up) before = heap.allocations;
      auto reader = spawn(read_forever(end, bulky_view{.memory = &memory}));
      co_await test::until_submitted();
      reader.abort();
      co_await test::until_submitted();
    }
    EXPECT_EQ(heap.allocations - before, 0U);
  });
}

task<> read_into(file from, logged_buf into) {
  (void)co_await from.read(std::move(into));
  ADD_FAILURE() << "a read that was to be aborted went on";
}

task<> read_in_chain(file from, logged_buf one, logged_buf two) {
  (void)co_await linked(from.read(std::move(one)), from.read(std::move(two)));
}

TEST(large_buffer, is_kept_for_the_kernel_where_its_task_is_aborted_and_that_allocates_nothing) {
  const pipe_pair pipe;
  int ended = 0;
  run([&]() -> task<> {
    const file end = pipe.reader();
    auto reader = spawn(read_into(end, room(ended)));
    co_await test::until_submitted();
    const std::size_t before = heap.allocations;
    reader.abort();
    const bool allocates = CAROUSEL_COUNTS_ALLOCATIONS && heap.allocations != before;
    EXPECT_FALSE(allocates);
    EXPECT_EQ(ended, 0);  // the kernel has it
    while (ended == 0) co_await yield();
  });
  EXPECT_EQ(ended, 1);
}

TEST(large_buffer, comes_back_from_a_request_that_the_kernel_has_not_seen) {
  const pipe_pair pipe;
  int ended = 0;
  run([&]() -> task<> {
    const file end = pipe.reader();
    auto reader = spawn(read_into(end, room(ended)));
    auto chained = spawn(read_in_chain(end, room(ended), room(ended)));
    co_await yield();
    reader.abort();
    EXPECT_EQ(ended, 1);
    chained.abort();
    EXPECT_EQ(ended, 3);
  });
}

TEST(large_buffer, of_a_chain_is_kept_for_the_kernel) {
  const pipe_pair pipe;
  int ended = 0;
  run([&]() -> task<> {
    const file end = pipe.reader();
    auto chained = spawn(read_in_chain(end, room(ended), room(ended)));
    co_await test::until_submitted();
    chained.abort();
    while (ended != 2) co_await yield();
  });
  EXPECT_EQ(ended, 2);
}

}  // namespace
}  // namespace carousel
