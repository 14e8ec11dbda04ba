#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "support/bytes.hpp"
#include "support/run.hpp"

// What the pool promises without a kernel: classes, leases, handles.

namespace carousel {
namespace {

using test::run;

constexpr std::size_t large = 8192;
constexpr std::size_t small = 4096;

void take_and_return(const fixed_buf_pool& pool) {
  auto buf = pool.try_next(large);
  ASSERT_TRUE(buf);
  EXPECT_EQ(buf->capacity(), large);
  EXPECT_FALSE(pool.try_next(large));
  auto buf1 = pool.try_next(small);
  ASSERT_TRUE(buf1);
  EXPECT_EQ(buf1->capacity(), small);
  auto buf2 = pool.try_next(small);
  ASSERT_TRUE(buf2);
  EXPECT_EQ(buf2->capacity(), small);
  EXPECT_FALSE(pool.try_next(small));
  buf.reset();
  buf = pool.try_next(large);
  ASSERT_TRUE(buf);
  EXPECT_EQ(buf->capacity(), large);
}

TEST(fixed_buf_pool, hands_out_two_capacities_until_each_is_exhausted) {
  run([]() -> task<> {
    const auto pool = fixed_buf_pool::make({{large, 1}, {small, 2}}).value();
    EXPECT_TRUE(pool.register_buffers());
    take_and_return(pool);
    co_return;
  });
}

TEST(fixed_buf_pool, works_without_a_runtime) {
  const auto pool = fixed_buf_pool::make({{large, 1}, {small, 2}}).value();
  take_and_return(pool);
  EXPECT_EQ(pool.registered(), registration::none);
}

TEST(fixed_buf_pool, gives_the_exact_capacity_only) {
  const auto pool = fixed_buf_pool::make({{4096, 1}}).value();
  EXPECT_FALSE(pool.try_next(4095));
  EXPECT_FALSE(pool.try_next(4097));
  EXPECT_FALSE(pool.try_next(0));
  EXPECT_TRUE(pool.try_next(4096));
}

TEST(fixed_buf_pool, keeps_a_capacity_that_is_no_multiple_of_a_page) {
  const auto pool = fixed_buf_pool::make({{5000, 2}, {1, 3}}).value();
  auto odd = pool.try_next(5000);
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->spare().size(), 5000U);
  auto tiny = pool.try_next(1);
  ASSERT_TRUE(tiny);
  EXPECT_EQ(tiny->spare().size(), 1U);
}

TEST(fixed_buf_pool, buffers_do_not_overlap) {
  const auto pool = fixed_buf_pool::make({{100, 5}, {4096, 3}, {5000, 3}}).value();
  std::vector<fixed_buf> all;
  for (const std::size_t capacity : {100U, 4096U, 5000U}) {
    while (auto b = pool.try_next(capacity)) all.push_back(std::move(*b));
  }
  ASSERT_EQ(all.size(), 11U);
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].resize(all[i].capacity());
    std::ranges::fill(all[i].bytes(), static_cast<std::byte>(i + 1));
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const std::byte b : all[i].bytes()) ASSERT_EQ(b, static_cast<std::byte>(i + 1));
  }
}

TEST(fixed_buf_pool, buffers_of_a_page_or_more_start_on_pages) {
  const auto pool = fixed_buf_pool::make({{100, 3}, {4096, 2}, {5000, 2}}).value();
  for (const std::size_t capacity : {4096U, 5000U}) {
    auto first = pool.try_next(capacity);
    auto second = pool.try_next(capacity);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first->spare().data()) % 4096, 0U);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(second->spare().data()) % 4096, 0U);
  }
}

TEST(fixed_buf_pool, indices_follow_the_order_of_the_classes) {
  const auto pool = fixed_buf_pool::make({{large, 2}, {small, 3}}).value();
  std::vector<bool> seen(5);
  for (const std::size_t capacity : {large, small}) {
    std::vector<fixed_buf> leases;
    while (auto b = pool.try_next(capacity)) leases.push_back(std::move(*b));
    for (const fixed_buf& b : leases) {
      ASSERT_LT(b.index(), 5);
      EXPECT_FALSE(seen[b.index()]);
      seen[b.index()] = true;
      EXPECT_EQ(b.capacity(), b.index() < 2 ? large : small);
    }
  }
  EXPECT_EQ(seen, std::vector<bool>(5, true));
}

TEST(fixed_buf_pool, one_capacity_named_twice_is_one_class) {
  const auto pool = fixed_buf_pool::make({{small, 1}, {large, 1}, {small, 1}}).value();
  auto a = pool.try_next(small);
  auto b = pool.try_next(small);
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->index() + b->index(), 0 + 2);
  EXPECT_FALSE(pool.try_next(small));
}

TEST(fixed_buf_pool, copies_are_the_same_pool) {
  const auto pool = fixed_buf_pool::make({{small, 1}}).value();
  const fixed_buf_pool copy = pool;  // NOLINT(performance-unnecessary-copy-initialization)
  auto buf = pool.try_next(small);
  ASSERT_TRUE(buf);
  EXPECT_FALSE(copy.try_next(small));
  buf.reset();
  EXPECT_TRUE(copy.try_next(small));
}

TEST(fixed_buf_pool, a_lease_comes_back_when_an_exception_passes) {
  const auto pool = fixed_buf_pool::make({{small, 1}}).value();
  try {
    auto buf = pool.try_next(small);
    throw std::runtime_error("away");
  } catch (const std::runtime_error&) {
    EXPECT_TRUE(pool.try_next(small));
  }
}

TEST(fixed_buf_pool, a_lease_outlives_pool_and_runtime) {
  auto survivor = run([]() -> task<std::optional<fixed_buf>> {
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    EXPECT_TRUE(pool.register_buffers());
    co_return pool.try_next(small);
  });
  ASSERT_TRUE(survivor);
  survivor->append(test::bytes_of("still here"));
  EXPECT_EQ(test::text_of(survivor->bytes()), "still here");
  EXPECT_EQ(survivor->capacity(), small);
}

TEST(fixed_buf_pool, a_pool_outlives_its_runtime) {
  const auto pool = fixed_buf_pool::make({{small, 1}}).value();
  run([&]() -> task<> {
    EXPECT_TRUE(pool.register_buffers());
    co_return;
  });
  EXPECT_EQ(pool.registered(), registration::none);
  EXPECT_TRUE(pool.try_next(small));
}

TEST(fixed_buf_pool_death, a_moved_from_pool_says_so) {
  auto pool = fixed_buf_pool::make({{small, 1}}).value();
  const fixed_buf_pool other = std::move(pool);
  // NOLINTNEXTLINE(bugprone-use-after-move): the fact under test
  EXPECT_DEATH((void)pool.try_next(small), "this pool or registry was moved from or closed");
}

TEST(fixed_buf_pool_death, registering_outside_a_runtime_says_so) {
  const auto pool = fixed_buf_pool::make({{small, 1}}).value();
  EXPECT_DEATH((void)pool.register_buffers(), "work inside a runtime only");
}

}  // namespace
}  // namespace carousel
