#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <ranges>
#include <utility>
#include <vector>

#include "support/run.hpp"

// How many buffers, and of which size.

namespace carousel {
namespace {

using test::error_of;

std::vector<std::vector<std::byte>> vectors(std::size_t count, std::size_t bytes = 16) {
  std::vector<std::vector<std::byte>> made;
  for (std::size_t i = 0; i < count; ++i) made.emplace_back(bytes);
  return made;
}

/// Buffers without end and without a known number; counts how many were asked for.
auto endless(std::size_t& made) {
  return std::views::iota(0) | std::views::transform([&made](int) {
           ++made;
           return std::vector<std::byte>(16);
         });
}

TEST(pool_limits, make_takes_as_many_buffers_as_the_kernel) {
  const auto pool = fixed_buf_pool::make({{64, 16'000}, {128, 384}}).value();
  std::vector<fixed_buf> leases;
  while (auto b = pool.try_next(64)) leases.push_back(std::move(*b));
  while (auto b = pool.try_next(128)) leases.push_back(std::move(*b));
  EXPECT_EQ(leases.size(), 16'384U);
}

TEST(pool_limits, each_buffer_may_be_a_class_of_its_own) {
  constexpr std::size_t count = 16'384;
  std::vector<std::vector<std::byte>> buffers;
  for (std::size_t i = 0; i < count; ++i)
    buffers.emplace_back(1 + i * 7919 % count);  // in no order
  const auto pool = fixed_buf_pool::from(std::move(buffers)).value();
  std::vector<fixed_buf> leases;
  for (std::size_t capacity = 1; capacity <= count; ++capacity) {
    leases.push_back(pool.try_next(capacity).value());
    EXPECT_EQ(leases.back().capacity(), capacity);
    EXPECT_FALSE(pool.try_next(capacity));
  }
  EXPECT_FALSE(pool.try_next(0));
  EXPECT_FALSE(pool.try_next(count + 1));
}

TEST(pool_limits, make_refuses_one_buffer_too_many) {
  EXPECT_EQ(error_of(fixed_buf_pool::make({{64, 16'385}})), errc::too_many_buffers);
  EXPECT_EQ(error_of(fixed_buf_pool::make({{64, 16'384}, {128, 1}})), errc::too_many_buffers);
  EXPECT_EQ(error_of(fixed_buf_pool::make({{64, 1}, {64, static_cast<std::size_t>(-1)}})),
            errc::too_many_buffers);
  EXPECT_EQ(error_of(fixed_buf_registry::make({{64, 65'536}})), errc::too_many_buffers);
}

TEST(pool_limits, a_container_of_the_limit_is_taken) {
  const auto pool = fixed_buf_pool::from(vectors(16'384)).value();
  std::vector<fixed_buf> leases;
  while (auto b = pool.try_next(16)) leases.push_back(std::move(*b));
  EXPECT_EQ(leases.size(), 16'384U);
}

TEST(pool_limits, a_container_over_the_limit_is_refused_untouched) {
  auto buffers = vectors(16'385);
  const std::byte* first = buffers.front().data();
  EXPECT_EQ(error_of(fixed_buf_pool::from(std::move(buffers))), errc::too_many_buffers);
  // NOLINTNEXTLINE(bugprone-use-after-move): nothing was taken
  ASSERT_EQ(buffers.size(), 16'385U);
  EXPECT_EQ(buffers.front().data(), first);
  EXPECT_EQ(buffers.back().size(), 16U);
}

TEST(pool_limits, a_sized_view_over_the_limit_is_not_even_started) {
  std::size_t made = 0;
  auto view = std::views::iota(0, 16'385) | std::views::transform([&made](int) {
                ++made;
                return std::vector<std::byte>(16);
              });
  EXPECT_EQ(error_of(fixed_buf_pool::from(view)), errc::too_many_buffers);
  EXPECT_EQ(made, 0U);
}

TEST(pool_limits, of_an_endless_range_the_first_16384_are_taken_and_no_more_are_made) {
  std::size_t made = 0;
  const auto registry = fixed_buf_registry::from(endless(made)).value();
  EXPECT_EQ(registry.count(), 16'384U);
  EXPECT_EQ(made, 16'384U);
}

TEST(pool_limits, sixteen_thousand_buffers_can_be_registered) {
  test::run([]() -> task<> {
    const auto pool = fixed_buf_pool::make({{64, 16'384}}).value();
    EXPECT_TRUE(pool.register_buffers());
    EXPECT_NE(pool.registered(), registration::none);
    co_return;
  });
}

TEST(pool_limits, a_pool_without_buffers_is_refused) {
  EXPECT_EQ(error_of(fixed_buf_pool::make({})), errc::bad_buffer);
  EXPECT_EQ(error_of(fixed_buf_pool::make({{4096, 0}})), errc::bad_buffer);
  EXPECT_EQ(error_of(fixed_buf_pool::from(vectors(0))), errc::bad_buffer);
}

TEST(pool_limits, a_class_without_buffers_beside_another_is_allowed) {
  const auto pool = fixed_buf_pool::make({{4096, 0}, {64, 1}}).value();
  EXPECT_FALSE(pool.try_next(4096));
  EXPECT_TRUE(pool.try_next(64));
}

TEST(pool_limits, a_capacity_of_zero_is_refused) {
  EXPECT_EQ(error_of(fixed_buf_pool::make({{0, 1}})), errc::bad_buffer);
  EXPECT_EQ(error_of(fixed_buf_pool::make({{4096, 1}, {0, 1}})), errc::bad_buffer);
  EXPECT_EQ(error_of(fixed_buf_pool::from(vectors(2, 0))), errc::bad_buffer);
}

TEST(pool_limits, one_empty_buffer_of_many_is_refused) {
  auto buffers = vectors(3);
  buffers[1].clear();
  EXPECT_EQ(error_of(fixed_buf_pool::from(std::move(buffers))), errc::bad_buffer);
}

TEST(pool_limits, a_capacity_over_one_tebibyte_is_refused_before_any_memory_is_mapped) {
  constexpr std::size_t tebibyte = std::size_t{1} << 40U;
  EXPECT_EQ(error_of(fixed_buf_pool::make({{tebibyte + 1, 1}})), errc::bad_buffer);
  EXPECT_EQ(error_of(fixed_buf_pool::make({{static_cast<std::size_t>(-1), 16'384}})),
            errc::bad_buffer);
}

TEST(pool_limits, a_capacity_of_one_gibibyte_is_allowed) {
  constexpr std::size_t gibibyte = std::size_t{1} << 30U;
  const auto pool = fixed_buf_pool::make({{gibibyte, 1}}).value();
  EXPECT_EQ(pool.try_next(gibibyte).value().capacity(), gibibyte);
}

}  // namespace
}  // namespace carousel
