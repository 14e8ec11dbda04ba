#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "support/bytes.hpp"
#include "support/handed_over.hpp"
#include "support/logged_bytes.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/small.hpp"

// Leases that others have, in whatever thread, for however long.

namespace carousel {
namespace {

using test::handed_from;
using test::logged_bytes;
using test::pipe_pair;
using test::run;
using test::small;
using test::small_pool_of;
using test::some_turns;
using test::text_of;

TEST(handed_buf, has_the_bytes_of_the_lease_and_comes_back_from_another_thread) {
  const fixed_buf_pool pool = small_pool_of(1);
  fixed_buf lease = pool.try_next(small).value();
  lease.append(test::bytes_of("bytes"));
  const std::byte* const at = lease.bytes().data();
  handed_buf handed = std::move(lease).hand_over();
  EXPECT_FALSE(pool.try_next(small));
  std::thread([&, there = std::move(handed)]() mutable {
    EXPECT_EQ(there.bytes().data(), at);
    EXPECT_EQ(text_of(there.bytes()), "bytes");
    EXPECT_EQ(there.capacity(), small);
    std::ranges::copy(test::bytes_of(", more"), there.spare().begin());
    there.commit(6);
    EXPECT_EQ(text_of(there.bytes()), "bytes, more");
    const handed_buf moved = std::move(there);
  }).join();
  const auto again = pool.try_next(small);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->size(), 0U);
}

TEST(handed_buf, is_the_first_to_be_leased_again) {
  const fixed_buf_pool pool = small_pool_of(3);
  handed_buf handed = handed_from(pool);
  const std::byte* const at = handed.spare().data();
  std::thread([there = std::move(handed)] {}).join();
  EXPECT_EQ(pool.try_next(small)->spare().data(), at);
}

TEST(handed_buf, is_checked_in_when_another_is_assigned) {
  const fixed_buf_pool pool = small_pool_of(2);
  handed_buf one = handed_from(pool);
  handed_buf other = handed_from(pool);
  one = std::move(other);
  EXPECT_TRUE(pool.try_next(small));
  const auto last = pool.try_next(small);
  const auto none = pool.try_next(small);
  EXPECT_TRUE(!last || !none);
}

TEST(handed_buf, is_checked_in_by_its_deleter_as_engines_and_c_interfaces_keep_one) {
  const fixed_buf_pool pool = small_pool_of(1);
  {
    handed_buf handed = handed_from(pool);
    std::byte* const data = handed.spare().data();
    using engines = std::unique_ptr<void, std::function<void(void*)>>;
    const engines kept(data, std::move(handed).release());
    EXPECT_FALSE(pool.try_next(small));
  }
  {
    handed_buf handed = handed_from(pool);
    std::byte* const data = handed.spare().data();
    const std::unique_ptr<std::byte, handed_buf::deleter> kept(data, std::move(handed).release());
    EXPECT_FALSE(pool.try_next(small));
  }
  {
    void (*const free)(void* data, void* argument) = &handed_buf::deleter::check_in;
    handed_buf handed = handed_from(pool);
    std::byte* const data = handed.spare().data();
    void* const argument = std::move(handed).release().argument();
    EXPECT_FALSE(pool.try_next(small));
    free(data, argument);
  }
  {
    void (*const free)(void* argument) = &handed_buf::deleter::check_in;
    free(handed_from(pool).release().argument());
  }
  EXPECT_TRUE(pool.try_next(small));
}

TEST(handed_buf, that_was_released_is_checked_in_by_nobody_else) {
  const fixed_buf_pool pool = small_pool_of(1);
  handed_buf::deleter kept;
  {
    handed_buf handed = handed_from(pool);
    kept = std::move(handed).release();
  }
  EXPECT_FALSE(pool.try_next(small));
  kept(nullptr);
  EXPECT_TRUE(pool.try_next(small));
}

TEST(handed_buf, of_a_registry_comes_back_to_its_index) {
  const auto registry = fixed_buf_registry::make({{small, 3}}).value();
  handed_buf handed = registry.check_out(1).value().hand_over();
  EXPECT_FALSE(registry.check_out(1));
  std::thread([there = std::move(handed)] {}).join();
  const auto again = registry.check_out(1);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->index(), 1);
}

// The end.

TEST(handed_buf, keeps_the_memory_when_runtime_and_pool_are_gone) {
  for (const bool registered : {false, true}) {
    int ended = 0;
    std::optional<handed_buf> handed;
    run([&]() -> task<> {
      std::vector<logged_bytes> memory;
      memory.emplace_back(small, ended);
      const auto pool = fixed_buf_pool::from(std::move(memory)).value();
      EXPECT_TRUE(!registered || pool.register_buffers());
      handed = handed_from(pool);
      co_return;
    });
    EXPECT_EQ(ended, 0);
    std::thread([&] {
      std::ranges::fill(handed->spare(), std::byte{1});
      handed.reset();
    }).join();
    EXPECT_EQ(ended, 1) << registered;
  }
}

TEST(handed_buf, keeps_the_memory_until_the_last_one_and_the_last_lease_are_back_in_any_order) {
  for (const bool lease_first : {false, true}) {
    int ended = 0;
    std::optional<fixed_buf> lease;
    std::vector<handed_buf> handed;
    {
      std::vector<logged_bytes> memory;
      for (int i = 0; i < 4; ++i) memory.emplace_back(small, ended);
      const auto pool = fixed_buf_pool::from(std::move(memory)).value();
      for (int i = 0; i < 3; ++i) handed.push_back(handed_from(pool));
      lease = pool.try_next(small);
    }
    if (lease_first) lease.reset();
    handed.pop_back();
    std::thread([two = std::move(handed)]() mutable {
      two.pop_back();
      two.pop_back();
    }).join();
    EXPECT_EQ(ended, lease_first ? 4 : 0);
    lease.reset();
    EXPECT_EQ(ended, 4);
  }
}

TEST(handed_buf, that_was_handed_over_when_its_pool_was_gone_ends_the_memory_all_the_same) {
  enum class other_ends { before_that, after_that, last };
  for (const auto when : {other_ends::before_that, other_ends::after_that, other_ends::last}) {
    int ended = 0;
    std::optional<fixed_buf> lease;
    std::optional<fixed_buf> other;
    {
      std::vector<logged_bytes> memory;
      for (int i = 0; i < 2; ++i) memory.emplace_back(small, ended);
      const auto pool = fixed_buf_pool::from(std::move(memory)).value();
      lease = pool.try_next(small);
      other = pool.try_next(small);
    }
    if (when == other_ends::before_that) other.reset();
    auto handed = std::make_optional(std::move(*lease).hand_over());
    if (when == other_ends::after_that) other.reset();
    std::thread([&] { handed.reset(); }).join();
    EXPECT_EQ(ended, when == other_ends::last ? 0 : 2);
    other.reset();
    EXPECT_EQ(ended, 2);
  }
}

TEST(handed_buf, of_many_threads_ends_a_pool_that_is_gone_once) {
  for (int round = 0; round < 50; ++round) {
    int ended = 0;
    std::latch begin(4);
    std::vector<std::jthread> threads;
    {
      std::vector<logged_bytes> memory;
      for (int i = 0; i < 3; ++i) memory.emplace_back(small, ended);
      const auto pool = fixed_buf_pool::from(std::move(memory)).value();
      for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&begin, handed = std::optional(handed_from(pool))]() mutable {
          begin.arrive_and_wait();
          std::ranges::fill(handed->spare(), std::byte{1});
          handed.reset();
        });
      }
      begin.arrive_and_wait();
    }
    threads.clear();
    EXPECT_EQ(ended, 3);
  }
}

// In operations.

TEST(handed_buf, is_filled_by_an_operation_of_another_runtime) {
  run([]() -> task<> {
    const fixed_buf_pool pool = small_pool_of(1);
    EXPECT_TRUE(pool.register_buffers());
    std::thread([handed = std::make_optional(handed_from(pool))]() mutable {
      run([&]() -> task<> {
        const pipe_pair pipe;
        pipe.put("elsewhere");
        auto [res, buf] = co_await pipe.reader().read(std::move(*handed));
        EXPECT_EQ(res, 9U);
        EXPECT_EQ(text_of(buf.bytes()), "elsewhere");
        handed = std::move(buf);
      });
    }).join();
    EXPECT_TRUE(pool.try_next(small));
    co_return;
  });
}

TEST(handed_buf, in_an_operation_that_was_abandoned_comes_back_with_the_last_completion) {
  run([]() -> task<> {
    const fixed_buf_pool pool = small_pool_of(1);
    const pipe_pair pipe;
    auto reading = spawn(
        [](file from, handed_buf into) -> task<> { (void)co_await from.read(std::move(into)); },
        pipe.reader(), handed_from(pool));
    co_await some_turns();
    reading.abort();
    EXPECT_FALSE(pool.try_next(small)) << "the kernel has it";
    EXPECT_TRUE(co_await pool.next(small));
  });
}

// Misuse.

TEST(handed_buf_death, is_checked_in_once) {
  const fixed_buf_pool pool = small_pool_of(2);
  const handed_buf::deleter kept = handed_from(pool).release();
  kept(nullptr);
  EXPECT_DEATH(kept(nullptr), "handed over was checked in twice: number");
  const auto again = pool.try_next(small);
  EXPECT_DEATH(kept(nullptr), "handed over was checked in twice: number");
}

// NOLINTBEGIN(bugprone-use-after-move): that is what this is about
TEST(handed_buf_death, that_was_moved_from_or_released_says_so) {
  const fixed_buf_pool pool = small_pool_of(1);
  handed_buf handed = handed_from(pool);
  const handed_buf::deleter kept = std::move(handed).release();
  EXPECT_DEATH((void)handed.size(), "this handed_buf was moved from or released");
  EXPECT_DEATH((void)std::move(handed).release(), "this handed_buf was moved from or released");
  EXPECT_DEATH(handed_buf::deleter{}(nullptr), "this deleter has no buffer");
  kept(nullptr);
}
// NOLINTEND(bugprone-use-after-move)

}  // namespace
}  // namespace carousel
