#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "fake/kernel.hpp"
#include "loop/runtime_access.hpp"
#include "support/run.hpp"

// What a runtime that ends says of the operations that the kernel still holds, of kernels that
// answer when the test says so.

namespace carousel {
namespace {

using test::error_of;

constexpr std::chrono::milliseconds deadline{50};

TEST(quarantine_report, names_twenty_operations_and_counts_the_others) {
  auto made = std::make_unique<fake::kernel>(fake::kernel_options{.async = 1000, .stuck = 1000});
  fake::kernel& kernel = *made;
  runtime rt = detail::runtime_access::make(std::move(made), {}).value();
  rt.block_on([]() -> task<> {
    const file program = file::from_fd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    for (int i = 0; i < 50; ++i) {
      spawn([](file from) -> task<> { (void)co_await from.read(std::vector<char>(1)); }(program))
          .detach();
    }
    for (int turns = 0; turns < 3; ++turns) co_await yield();
  }());
  testing::internal::CaptureStderr();
  EXPECT_EQ(error_of(rt.shutdown(deadline)), errc::timed_out);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::ranges::count(said, '\n'), 22) << said;
  EXPECT_THAT(said, testing::EndsWith("  and 30 others\n"));
  kernel.finish_late();
}

/// What it says of the age of an operation that begins when the loop has slept that often, and
/// sleeps twice afterwards, each time for up to an hour.
void check_age_after(int sleeps, int& exact, int& bounded) {
  constexpr double tolerance = 0.2;
  auto made =
      std::make_unique<fake::kernel>(fake::kernel_options{.seed = std::uint64_t(sleeps),
                                                          .async = 1000,
                                                          .delay_max = std::chrono::hours(1),
                                                          .stuck = 1000});
  fake::kernel& kernel = *made;
  runtime rt = detail::runtime_access::make(std::move(made), {}).value();
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const std::string bytes(static_cast<std::size_t>(sleeps) + 2, 'x');
  ASSERT_EQ(::write(ends[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  std::chrono::steady_clock::time_point begun;
  rt.block_on([&]() -> task<> {
    const file program = file::from_fd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    const file slow = file::from_fd(ends[0]);
    for (int i = 0; i < sleeps + 2; ++i) {
      if (i == sleeps) {
        begun = kernel.now();
        spawn([](file from) -> task<> { (void)co_await from.read(std::vector<char>(1)); }(program))
            .detach();
      }
      const auto one = co_await slow.read(std::vector<char>(1));
      EXPECT_TRUE(one.res);
    }
  }());
  testing::internal::CaptureStderr();
  EXPECT_EQ(error_of(rt.shutdown(deadline)), errc::timed_out);
  const std::string said = testing::internal::GetCapturedStderr();
  const double age = std::chrono::duration<double>(kernel.now() - begun).count();
  std::smatch told;
  ASSERT_TRUE(std::regex_search(said, told, std::regex(", for (at most )?([0-9]+\\.[0-9]) s")))
      << said;
  const double seconds = std::stod(told[2]);
  EXPECT_GE(seconds, age - tolerance) << said;
  ++(told[1].matched ? bounded : exact);
  if (!told[1].matched) {
    EXPECT_LE(seconds, age + tolerance) << said;
  }
  kernel.finish_late();
  ::close(ends[1]);
}

TEST(quarantine_report, tells_an_age_for_sure_only_where_it_is) {
  int exact = 0;
  int bounded = 0;
  for (int sleeps = 0; sleeps < 40; ++sleeps) check_age_after(sleeps, exact, bounded);
  EXPECT_GT(exact, 0);
  EXPECT_GT(bounded, 0);
}

}  // namespace
}  // namespace carousel
