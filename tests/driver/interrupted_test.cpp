#include <fcntl.h>
#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "fake/kernel.hpp"
#include "loop/runtime_access.hpp"
#include "support/run.hpp"
#include "support/small.hpp"
#include "support/temp_dir.hpp"

// Results by which the kernel says that a worker was interrupted: -EINTR, and -512, which is its
// own and no error of anybody.

namespace carousel {
namespace {

using test::error_of;
using test::small;

runtime make_on(const fake::kernel_options& options) {
  return detail::runtime_access::make(std::make_unique<fake::kernel>(options), {.entries = 8})
      .value();
}

/// Runs `body(file)` on a fake kernel, once for each of a hundred seeds.
template <class F>
void with_seeds(fake::kernel_options options, F body) {
  const test::temp_dir dir;
  const auto path = dir.make("file", std::string(small, 'x'));
  for (options.seed = 0; options.seed < 100; ++options.seed) {
    runtime rt = make_on(options);
    rt.block_on(body(file::from_fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC))));
  }
}

/// Every worker that a cancel finds before it has begun answers so.
constexpr fake::kernel_options interrupted_by_cancels{
    .async = 1000, .delay_max = std::chrono::milliseconds(1), .cancel_restarts = 1000};

TEST(interrupted, by_our_own_cancel_is_cancelled) {
  int stopped = 0;
  with_seeds(interrupted_by_cancels, [&stopped](file from) -> task<> {
    std::stop_source source;
    auto reading = spawn(
        [](file f, std::stop_token token) -> task<std::error_code> {
          const auto r = co_await stop_on(token, f.read_at(std::vector<char>(small), 0));
          EXPECT_EQ(r.buf.size(), small);
          co_return error_of(r.res);
        },
        std::move(from), source.get_token());
    for (int i = 0; i < 2; ++i) co_await yield();  // now the kernel has it
    source.request_stop();
    const std::error_code told = co_await std::move(reading);
    EXPECT_TRUE(told == errc::canceled || !told) << told.message();
    if (told) ++stopped;
  });
  EXPECT_GT(stopped, 20);
}

TEST(interrupted, by_the_cancel_of_a_deadline_is_timed_out) {
  int stopped = 0;
  with_seeds(interrupted_by_cancels, [&stopped](file from) -> task<> {
    const auto r = co_await timeout(std::chrono::nanoseconds(1), from.sync_all());
    EXPECT_TRUE(error_of(r) == errc::timed_out || r) << error_of(r).message();
    if (!r) ++stopped;
  });
  EXPECT_GT(stopped, 20);
}

TEST(interrupted, by_nobody_is_told_as_it_is) {
  with_seeds({.interrupted = 1000}, [](file from) -> task<> {
    const auto r = co_await from.read_at(std::vector<char>(small), 0);
    const std::error_code told = error_of(r.res);
    EXPECT_TRUE(told == std::errc::interrupted || told == std::errc::resource_unavailable_try_again)
        << told.message();
    EXPECT_EQ(r.buf.size(), small);
  });
}

TEST(interrupted, is_tried_again_by_operations_that_go_on_until_all_is_done_but_not_for_ever) {
  int whole = 0;
  with_seeds({.interrupted = 500}, [&whole](file from) -> task<> {
    const auto r = co_await from.read_exact_at(std::vector<char>(small), 0);
    if (r.res) ++whole;
    EXPECT_TRUE(r.res || error_of(r.res) == std::errc::resource_unavailable_try_again);
  });
  EXPECT_GT(whole, 50);
  with_seeds({.interrupted = 1000}, [](file from) -> task<> {
    const auto r = co_await from.read_exact_at(std::vector<char>(small), 0);
    EXPECT_FALSE(r.res);
  });
}

}  // namespace
}  // namespace carousel
