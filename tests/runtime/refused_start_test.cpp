#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <coroutine>
#include <functional>
#include <stdexcept>
#include <stop_token>
#include <system_error>
#include <utility>

#include "support/verbs.hpp"

// A verb whose operation cannot be begun leaves nothing behind, though it lives on: the coroutine
// that has caught the exception goes on outside of it.

namespace carousel {
namespace {

using namespace test::verbs;

/// Somebody's awaitable that cannot be awaited now.
struct refuses {
  static bool await_ready() noexcept { return false; }
  static void await_suspend(std::coroutine_handle<> /*who*/) {
    throw std::runtime_error("not now");
  }
  static result<> await_resume() noexcept { return {}; }
};

/// Goes on beside the verb that has failed. What that one stops, or whom it resumes, shows: a wait
/// ends before its time.
template <class Provoke>
task<bool> goes_on_alone(Provoke provoke) {
  event later;
  auto waker = spawn(
      [](event& e, Provoke f) -> task<> {
        co_await sleep_for(2 * soon);
        f();
        co_await sleep_for(2 * soon);
        e.set();
      },
      std::ref(later), provoke);
  const bool stopped_before = stop_requested();
  const result<> waited = co_await later.wait();
  const bool was_woken_early = !later.is_set();
  co_await std::move(waker);
  co_return waited && !stopped_before && !was_woken_early && !stop_requested();
}

TEST(refused_start, of_a_timeout_leaves_no_deadline) {
  run([]() -> task<> {
    auto verb = timeout(soon, refuses{});
    EXPECT_THROW((void)co_await verb, std::runtime_error);
    EXPECT_TRUE(co_await goes_on_alone([] {}));
  });
}

TEST(refused_start, of_a_stop_on_leaves_no_token) {
  run([]() -> task<> {
    std::stop_source source;
    auto verb = stop_on(source.get_token(), refuses{});
    EXPECT_THROW((void)co_await verb, std::runtime_error);
    EXPECT_TRUE(co_await goes_on_alone([&source] { source.request_stop(); }));
  });
}

TEST(refused_start, of_a_stopped_stop_on_stops_nothing_else) {
  run([]() -> task<> {
    std::stop_source source;
    source.request_stop();
    auto verb = stop_on(source.get_token(), refuses{});
    EXPECT_THROW((void)co_await verb, std::runtime_error);
    EXPECT_TRUE(co_await goes_on_alone([] {}));
  });
}

TEST(refused_start, of_an_abandon_after_resumes_nobody_later) {
  run([]() -> task<> {
    auto verb = abandon_after(soon, refuses{});
    EXPECT_THROW((void)co_await verb, std::runtime_error);
    EXPECT_TRUE(co_await goes_on_alone([] {}));
  });
}

TEST(refused_start, inside_of_verbs_leaves_none_of_them) {
  run([]() -> task<> {
    std::stop_source source;
    auto verb = timeout(soon, stop_on(source.get_token(), abandon_after(soon, refuses{})));
    EXPECT_THROW((void)co_await verb, std::runtime_error);
    EXPECT_TRUE(co_await goes_on_alone([&source] { source.request_stop(); }));
  });
}

TEST(refused_start, in_a_verb_leaves_the_coroutine_in_the_verb_around_it) {
  run([]() -> task<> {
    const auto goes_on = []() -> task<result<>> {
      auto verb = timeout(soon / 2, refuses{});
      EXPECT_THROW((void)co_await verb, std::runtime_error);
      co_await sleep_for(std::chrono::hours(1));
      EXPECT_TRUE(stop_requested());
      co_return std::unexpected(make_error_code(errc::canceled));
    };
    const result<> ended = co_await timeout(soon, goes_on());
    EXPECT_EQ(error_of(ended), errc::timed_out);
    EXPECT_FALSE(stop_requested());
  });
}

TEST(refused_start, of_a_branch_is_an_exception_of_the_branch) {
  run([]() -> task<> {
    auto verb = when_any(sleep_for(soon), refuses{});
    EXPECT_THROW((void)co_await verb, std::runtime_error);
    EXPECT_TRUE(co_await goes_on_alone([] {}));
  });
}

}  // namespace
}  // namespace carousel
