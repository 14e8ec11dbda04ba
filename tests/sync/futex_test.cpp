#include <gtest/gtest.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>

#include "support/ends_soon.hpp"
#include "support/in_flight.hpp"
#include "support/linux_version.hpp"
#include "support/make_runtime.hpp"
#include "support/meddling_kernel.hpp"
#include "support/run.hpp"

// Tasks wait at words that others change, with whoever calls futex(2).

namespace carousel {
namespace {

using test::error_of;
using test::run;
using test::until_submitted;
using word = std::atomic<std::uint32_t>;

class futex : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::on_fake_kernel() && test::linux_is_before(6, 7))
      GTEST_SKIP() << "this kernel has no waits at words in a ring";
  }
};

task<std::error_code> wait_at(const word& at, std::uint32_t expected) {
  co_return error_of(co_await futex_wait(at, expected));
}

/// As any thread wakes.
long wake_by_call(word& at, int at_most) {
  return ::syscall(SYS_futex, &at, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, at_most, nullptr, nullptr, 0);
}

TEST_F(futex, a_wake_ends_as_many_waits_as_it_says) {
  word at{3};
  run([&]() -> task<> {
    auto first = spawn(wait_at(at, 3));
    auto second = spawn(wait_at(at, 3));
    co_await until_submitted();
    const auto woken = co_await futex_wake(at);
    EXPECT_EQ(woken, 1U);
    while (!first.done() && !second.done()) co_await yield();
    EXPECT_NE(first.done(), second.done());
    const auto the_rest = co_await futex_wake(at, 10);
    EXPECT_EQ(the_rest, 1U);
    EXPECT_EQ(co_await std::move(first), std::error_code{});
    EXPECT_EQ(co_await std::move(second), std::error_code{});
    const auto nobody = co_await futex_wake(at, 10);
    EXPECT_EQ(nobody, 0U);
  });
}

TEST_F(futex, a_wait_for_a_value_that_is_gone_ends_at_once) {
  word at{3};
  run([&]() -> task<> {
    const auto r = co_await futex_wait(at, 4);
    EXPECT_EQ(error_of(r), std::errc::resource_unavailable_try_again);
  });
}

TEST_F(futex, a_thread_wakes_a_task) {
  if (test::on_fake_kernel()) GTEST_SKIP() << "threads do not know that one";
  word at{0};
  std::jthread waker([&] {
    at = 1;
    while (wake_by_call(at, 1) == 0 && at == 1) std::this_thread::yield();
  });
  run([&]() -> task<> {
    while (at == 0) {
      const auto r = co_await futex_wait(at, 0);
      EXPECT_TRUE(r || error_of(r) == std::errc::resource_unavailable_try_again);
    }
    at = 2;
  });
}

TEST_F(futex, a_stop_ends_the_wait) {
  word at{0};
  run([&]() -> task<> {
    const auto late = co_await timeout(std::chrono::milliseconds(1), futex_wait(at, 0));
    EXPECT_EQ(error_of(late), errc::timed_out);
    std::stop_source source;
    source.request_stop();
    const auto never = co_await stop_on(source.get_token(), futex_wait(at, 0));
    EXPECT_EQ(error_of(never), errc::canceled);
    const auto nobody = co_await futex_wake(at);
    EXPECT_EQ(nobody, 0U);
  });
}

TEST_F(futex, a_wait_that_is_destroyed_ends_in_the_kernel_too) {
  run([]() -> task<> {
    {
      word at{0};
      auto waiting = spawn(wait_at(at, 0));
      co_await until_submitted();
      waiting.abort();
    }
    co_await sleep_for(std::chrono::milliseconds(1));
  });
}

/// A wake that came to a task which was destroyed before it took it.
TEST_F(futex, a_wake_that_nobody_takes_goes_to_the_next) {
  if (test::on_fake_kernel()) GTEST_SKIP() << "what passes it on is no request of the ring";
  word at{0};
  run([&]() -> task<> {
    auto first = spawn(wait_at(at, 0));
    auto second = spawn(wait_at(at, 0));
    co_await until_submitted();
    EXPECT_EQ(wake_by_call(at, 1), 1);
    first.abort();
    EXPECT_EQ(co_await std::move(second), std::error_code{});
  });
}

TEST_F(futex, a_stop_does_not_keep_a_wake_from_happening) {
  word at{0};
  run([&]() -> task<> {
    auto waiting = spawn(wait_at(at, 0));
    co_await until_submitted();
    std::stop_source source;
    source.request_stop();
    const auto woken = co_await stop_on(source.get_token(), futex_wake(at));
    EXPECT_EQ(woken, 1U);
    waiting.abort();
  });
}

/// Before the kernel has heard of it.
TEST_F(futex, a_wake_that_is_destroyed_happens) {
  if (test::on_fake_kernel()) GTEST_SKIP() << "what makes it then is no request of the ring";
  word at{0};
  run([&]() -> task<> {
    auto waiting = spawn(wait_at(at, 0));
    co_await until_submitted();
    auto waking = spawn([](const word& of) -> task<> { (void)co_await futex_wake(of); }(at));
    auto other = spawn([](const word& of) -> task<> { (void)co_await futex_wake(of, 0); }(at));
    co_await yield();
    waking.abort();
    EXPECT_TRUE(co_await test::ends_soon(waiting));
    co_await std::move(other);
    waiting.abort();
  });
}

TEST_F(futex, the_largest_number_wakes_all) {
  word at{0};
  run([&]() -> task<> {
    auto first = spawn(wait_at(at, 0));
    auto second = spawn(wait_at(at, 0));
    co_await until_submitted();
    const auto woken = co_await futex_wake(at, ~std::uint32_t{0});
    EXPECT_EQ(woken, 2U);
    EXPECT_EQ(co_await std::move(first), std::error_code{});
    EXPECT_EQ(co_await std::move(second), std::error_code{});
  });
}

TEST_F(futex, a_wake_in_another_scope_is_for_others) {
  word at{0};
  run([&]() -> task<> {
    auto waiting = spawn([](const word& of) -> task<> {
      const auto r = co_await futex_wait(of, 0, futex_scope::process_shared);
      EXPECT_TRUE(r);
    }(at));
    co_await until_submitted();
    const auto nobody = co_await futex_wake(at, 1);
    EXPECT_EQ(nobody, 0U);
    const auto woken = co_await futex_wake(at, 1, futex_scope::process_shared);
    EXPECT_EQ(woken, 1U);
    co_await std::move(waiting);
  });
}

TEST_F(futex, is_refused_by_name_where_the_kernel_has_none) {
  const auto old = std::make_shared<test::meddling>();
  old->unknown = {detail::opcode::futex_wait, detail::opcode::futex_wake};
  test::make_meddled(old).block_on([]() -> task<> {
    const word at{0};
    const auto waited = co_await futex_wait(at, 0);
    EXPECT_EQ(error_of(waited), errc::not_supported);
    const auto woken = co_await futex_wake(at);
    EXPECT_EQ(error_of(woken), errc::not_supported);
  }());
}

}  // namespace
}  // namespace carousel
