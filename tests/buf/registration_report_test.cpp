#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "fake/kernel.hpp"
#include "loop/runtime_access.hpp"
#include "support/run.hpp"

// What a pool says about a registration that the kernel refuses.

namespace carousel {
namespace {

using test::error_of;
using test::run;
using testing::AllOf;
using testing::HasSubstr;

constexpr std::size_t page = 4096;
constexpr std::size_t gibibyte = std::size_t{1} << 30U;

TEST(registration_report,
     counts_a_page_for_each_buffer_that_has_a_part_of_it_and_a_huge_page_once) {
  EXPECT_EQ(fixed_buf_pool::make({{64, 64}}).value().why_plain().wanted_bytes, 64 * page);
  const auto huge = fixed_buf_pool::make({{64, 64}}, {.huge = huge_pages::transparent}).value();
  EXPECT_EQ(huge.why_plain().wanted_bytes, 2 * gibibyte / 1024);
}

TEST(registration_report, a_lease_counts_more_bytes_than_32_bits_hold) {
  constexpr std::size_t bytes = 5 * gibibyte;
  const auto made = fixed_buf_pool::make({{bytes, 1}});
  if (error_of(made) == std::errc::not_enough_memory) GTEST_SKIP() << "no room for it";
  fixed_buf lease = made->try_next(bytes).value();
  EXPECT_EQ(lease.capacity(), bytes);
  lease.commit(bytes - 1);
  EXPECT_EQ(lease.size(), bytes - 1);
  EXPECT_EQ(lease.spare().size(), 1U);
}

TEST(registration_report, has_nothing_to_tell_where_nothing_was_refused) {
  run([]() -> task<> {
    const auto pool = fixed_buf_pool::make({{page, 3}}).value();
    const registration_report before = pool.why_plain();
    EXPECT_FALSE(before.refused);
    EXPECT_EQ(before.outcome, registration::none);
    EXPECT_EQ(before.wanted_bytes, 3 * page);
    EXPECT_THAT(before.message, HasSubstr("register_buffers()"));
    EXPECT_TRUE(pool.register_buffers());
    if (pool.registered() != registration::fixed) co_return;
    EXPECT_FALSE(pool.why_plain().refused);
    EXPECT_EQ(pool.why_plain().outcome, registration::fixed);
  });
}

// On a fake kernel that refuses every registration, with EPERM or ENOMEM as its seed says.

struct refusal {
  result<> registered;
  registration_report told;
};

template <class Collection>
refusal refusal_with(int error, pool_options options, bool exempt = false) {
  for (std::uint64_t seed = 0;; ++seed) {
    runtime rt = detail::runtime_access::make(
                     std::make_unique<fake::kernel>(fake::kernel_options{
                         .seed = seed, .refused_buffers = 1000, .no_memlock = exempt}),
                     {})
                     .value();
    refusal got = rt.block_on([&]() -> task<refusal> {
      const auto collection = Collection::make({{page, 2}}, options).value();
      result<> registered = collection.register_buffers();
      co_return refusal{std::move(registered), collection.why_plain()};
    }());
    if (got.told.refused.value() == error) return got;
  }
}

TEST(registration_report, says_which_call_a_filter_denies) {
  const refusal of_pool = refusal_with<fixed_buf_pool>(EPERM, {});
  EXPECT_TRUE(of_pool.registered);
  EXPECT_EQ(of_pool.told.outcome, registration::plain);
  EXPECT_EQ(of_pool.told.refused, std::errc::operation_not_permitted);
  EXPECT_FALSE(of_pool.told.buffer_index);
  EXPECT_THAT(of_pool.told.message,
              AllOf(HasSubstr("io_uring_register: EPERM (1)"), HasSubstr("seccomp filter")));
  const refusal of_registry = refusal_with<fixed_buf_registry>(EPERM, {.strict = true});
  EXPECT_EQ(error_of(of_registry.registered), std::errc::operation_not_permitted);
  EXPECT_EQ(of_registry.told.outcome, registration::none);
  EXPECT_EQ(of_registry.told.message, of_pool.told.message);
}

TEST(registration_report, blames_rlimit_memlock_only_where_that_binds) {
  const refusal bound = refusal_with<fixed_buf_pool>(ENOMEM, {.strict = true});
  EXPECT_EQ(error_of(bound.registered), errc::memlock_limit);
  EXPECT_THAT(bound.told.message, HasSubstr("RLIMIT_MEMLOCK"));
  EXPECT_EQ(bound.told.wanted_bytes, 2 * page);
  const refusal exempt = refusal_with<fixed_buf_pool>(ENOMEM, {.strict = true}, true);
  EXPECT_EQ(error_of(exempt.registered), std::errc::not_enough_memory);
  EXPECT_NE(error_of(exempt.registered), errc::memlock_limit);
  EXPECT_FALSE(exempt.told.allowed_bytes);
  EXPECT_THAT(exempt.told.message, HasSubstr("io_uring_register: ENOMEM (12)"));
}

}  // namespace
}  // namespace carousel
