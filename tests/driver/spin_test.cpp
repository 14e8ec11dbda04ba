#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <memory>
#include <utility>

#include "fake/kernel.hpp"
#include "loop/runtime_access.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"

// A runtime that spins looks for completions before it sleeps.

namespace carousel {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr fake::kernel_options slow{.async = 1000, .delay_max = microseconds(100)};

/// How many of its enters sleep while a task runs on such a kernel.
template <class F>
int sleeps(runtime_options options, F body) {
  int counted = 0;
  auto made = std::make_unique<fake::kernel>(slow);
  fake::kernel& kernel = *made;
  kernel.set_observer([&](unsigned completions) { counted += completions != 0 ? 1 : 0; });
  runtime rt = detail::runtime_access::make(std::move(made), options).value();
  rt.block_on(body(kernel));
  return counted;
}

task<> send_and_receive(fake::kernel& /*on*/) {
  const test::pipe_pair pipe;
  const file reader = pipe.reader();
  for (int i = 0; i < 20; ++i) {
    pipe.put("x");
    const auto r = co_await reader.read(owned_bytes::with_capacity(8));
    EXPECT_EQ(r.buf.size(), 1U);
  }
}

TEST(spin, what_completes_meanwhile_is_taken_up_without_a_sleep) {
  EXPECT_EQ(sleeps({.spin = microseconds(200)}, send_and_receive), 0);
}

TEST(spin, what_takes_longer_is_waited_for_asleep) {
  EXPECT_GT(sleeps({.spin = microseconds(5)}, send_and_receive), 0);
}

TEST(spin, nobody_spins_who_has_not_asked_for_it) { EXPECT_GE(sleeps({}, send_and_receive), 20); }

TEST(spin, a_deadline_that_comes_meanwhile_is_neither_early_nor_late) {
  const int asleep = sleeps({.spin = milliseconds(2)}, [](fake::kernel& on) -> task<> {
    const auto begin = on.now();
    co_await sleep_for(milliseconds(1));
    const auto took = on.now() - begin;
    EXPECT_GE(took, milliseconds(1));
    EXPECT_LE(took, milliseconds(1) + microseconds(50));
  });
  EXPECT_EQ(asleep, 0);
}

TEST(spin, one_that_comes_later_is_slept_for) {
  EXPECT_GT(sleeps({.spin = milliseconds(2)},
                   [](fake::kernel& on) -> task<> {
                     const auto begin = on.now();
                     co_await sleep_for(milliseconds(10));
                     EXPECT_GE(on.now() - begin, milliseconds(10));
                   }),
            0);
}

TEST(spin, works_on_the_real_kernel) {
  runtime rt = runtime::make({.spin = std::chrono::seconds(1)}).value();
  rt.block_on([]() -> task<> {
    const test::pipe_pair pipe;
    const file reader = pipe.reader();
    auto received = spawn(
        [](file from) -> task<std::size_t> {
          const auto r = co_await from.read(owned_bytes::with_capacity(8));
          co_return r.res.value();
        },
        reader);
    co_await sleep_for(milliseconds(1));
    pipe.put("abc");
    const std::size_t count = co_await std::move(received);
    EXPECT_EQ(count, 3U);
  }());
}

}  // namespace
}  // namespace carousel
