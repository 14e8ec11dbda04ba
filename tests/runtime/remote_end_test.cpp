#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <utility>

#include "support/foreign.hpp"
#include "support/in_child.hpp"
#include "support/run.hpp"

// What becomes of those who wait for a runtime, and of what is handed to it, where nothing comes of
// it any more.

namespace carousel {
namespace {

using test::error_of;
using test::foreign;
using test::make_runtime;

TEST(remote_end, a_handle_that_is_made_while_it_ends_is_of_no_runtime) {
  remote_runtime there;
  struct asks_at_its_end {
    remote_runtime* into;
    explicit asks_at_its_end(remote_runtime& handle) noexcept : into(&handle) {}
    asks_at_its_end(asks_at_its_end&& other) noexcept : into(std::exchange(other.into, nullptr)) {}
    asks_at_its_end& operator=(asks_at_its_end&&) = delete;
    ~asks_at_its_end() {
      if (into == nullptr) return;
      *into = remote_runtime::current();
      EXPECT_FALSE(into->post([] {}));
    }
  };
  {
    runtime rt = make_runtime().value();
    rt.remote().post([mine = asks_at_its_end(there)] {});
  }
  EXPECT_FALSE(there.post([] {}));
}

TEST(remote_end, a_task_of_the_parent_has_ended_with_its_runtime_in_a_child_of_fork) {
  runtime rt = make_runtime().value();
  auto pending = rt.remote().spawn([]() -> task<result<int>> { co_return 1; });
  const auto child = test::in_child([&] {
    if (!pending.ready()) return 1;
    return error_of(pending.get()) == errc::shut_down ? 0 : 2;
  });
  EXPECT_EQ(child.code, 0) << child.said;
  rt.block_on([]() -> task<> { co_await yield(); }());
  EXPECT_EQ(pending.get(), 1);
}

foreign receive_one(remote_channel<int> from) { (void)co_await from.receive(); }

TEST(remote_end, a_value_that_a_left_coroutine_did_not_take_is_received_by_another) {
  for (int polls = 0; polls < 2; ++polls) {
    const remote_channel<int> q(1);
    runtime rt = make_runtime().value();
    foreign waits;
    rt.block_on([](remote_channel<int> from, foreign& into) -> task<> {
      into = receive_one(std::move(from));
      co_return;
    }(q, waits));
    EXPECT_TRUE(q.try_send(7));
    for (int i = 0; i < polls; ++i) (void)rt.poll();
    EXPECT_FALSE(waits.done());
    EXPECT_TRUE(rt.shutdown(std::chrono::seconds(5)));
    EXPECT_EQ(q.try_receive(), 7) << polls;
  }
}

TEST(remote_end_death, a_task_that_waits_for_its_own_runtime_does_not_keep_it_going) {
  const auto stalled = [] {
    runtime rt = make_runtime().value();
    rt.block_on([]() -> task<> {
      event never;
      auto waits = [&]() -> task<> { (void)co_await never.wait(); };
      auto pending = remote_runtime::current().spawn(waits);
      co_await std::move(pending);
    }());
  };
  EXPECT_DEATH(stalled(), "task 1 waits for a task that was spawned from outside");
}

}  // namespace
}  // namespace carousel
