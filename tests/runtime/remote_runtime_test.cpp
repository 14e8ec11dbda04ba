#include <gtest/gtest.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "support/embedded_loop.hpp"
#include "support/in_child.hpp"
#include "support/run.hpp"

// Others reach a runtime from their threads, at any moment of its life.

namespace carousel {
namespace {

using std::chrono::hours;
using std::chrono::nanoseconds;
using test::error_of;
using test::make_runtime;
using test::run;

/// Says in which thread it was destroyed.
class tracked {
 public:
  explicit tracked(std::atomic<std::thread::id>& where) noexcept : where_(&where) {}
  tracked(tracked&& other) noexcept : where_(std::exchange(other.where_, nullptr)) {}
  tracked& operator=(tracked&&) = delete;
  ~tracked() {
    if (where_ != nullptr) *where_ = std::this_thread::get_id();
  }

 private:
  std::atomic<std::thread::id>* where_;
};

task<> wait_for(event& e) { EXPECT_TRUE(co_await e.wait()); }

task<> nothing() { co_return; }

TEST(remote_runtime, runs_what_another_thread_posts_on_its_own) {
  runtime rt = make_runtime().value();
  event posted;
  std::thread::id ran_in;
  std::jthread([&, there = rt.remote()] {
    EXPECT_TRUE(there.post([&] {
      ran_in = std::this_thread::get_id();
      posted.set();
    }));
  }).join();
  rt.block_on(wait_for(posted));
  EXPECT_EQ(ran_in, std::this_thread::get_id());
}

TEST(remote_runtime, wakes_a_loop_that_waits_for_nothing_else) {
  runtime rt = make_runtime().value();
  std::latch waits(1);
  event posted;
  const std::jthread other([&, there = rt.remote()] {
    waits.wait();
    there.post([&] { posted.set(); });
  });
  auto body = [&]() -> task<> {
    waits.count_down();
    co_await wait_for(posted);
  };
  rt.block_on(body());
}

TEST(remote_runtime, runs_what_one_thread_posts_in_its_order) {
  runtime rt = make_runtime().value();
  constexpr int count = 1000;
  std::vector<int> order;
  event all;
  const std::jthread other([&, there = rt.remote()] {
    for (int i = 0; i < count; ++i) {
      there.post([&, i] {
        order.push_back(i);
        if (i + 1 == count) all.set();
      });
    }
  });
  rt.block_on(wait_for(all));
  ASSERT_EQ(order.size(), static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(remote_runtime, loses_nothing_that_many_threads_post) {
  runtime rt = make_runtime().value();
  constexpr int threads = 4;
  constexpr int each = 2000;
  int ran = 0;
  event all;
  std::vector<std::jthread> others;
  for (int t = 0; t < threads; ++t) {
    others.emplace_back([&, there = rt.remote()] {
      for (int i = 0; i < each; ++i) {
        there.post([&] {
          if (++ran == threads * each) all.set();
        });
      }
    });
  }
  rt.block_on(wait_for(all));
  EXPECT_EQ(ran, threads * each);
}

TEST(remote_runtime, takes_callables_of_any_size_and_alignment) {
  runtime rt = make_runtime().value();
  const remote_runtime here = rt.remote();
  struct alignas(64) wide {
    std::array<char, 64> bytes{};
  };
  const wide aligned{};
  std::array<char, 4000> large{};
  large.back() = 'x';
  auto owner = std::make_unique<int>(7);
  char last = 0;
  int owned = 0;
  bool is_aligned = false;
  here.post([&last, large] { last = large.back(); });
  here.post([&is_aligned, aligned] {
    is_aligned = reinterpret_cast<std::uintptr_t>(&aligned) % 64 == 0;
  });
  here.post([&owned, moved = std::move(owner)] { owned = *moved; });
  ASSERT_TRUE(rt.poll());
  EXPECT_EQ(last, 'x');
  EXPECT_TRUE(is_aligned);
  EXPECT_EQ(owned, 7);
}

TEST(remote_runtime, may_abort_a_task) {
  run([]() -> task<> {
    event never;
    auto waiting = spawn([&]() -> task<> { (void)co_await never.wait(); });
    std::jthread([&, here = remote_runtime::current()] {
      here.post([&] { waiting.abort(); });
    }).join();
    while (!waiting.done()) co_await yield();
  });
}

TEST(remote_runtime, runs_what_was_posted_between_two_block_ons_in_the_next) {
  runtime rt = make_runtime().value();
  const remote_runtime here = rt.remote();
  rt.block_on(nothing());
  bool ran = false;
  here.post([&] { ran = true; });
  EXPECT_FALSE(ran);
  rt.block_on(nothing());
  EXPECT_TRUE(ran);
}

// A program with a loop of its own.

TEST(remote_runtime, tells_an_embedded_loop_of_the_first_handle_and_of_each_post) {
  test::embedded_loop program;
  EXPECT_FALSE(program.has_signal());
  program.settle();
  const remote_runtime here = program.rt.remote();
  EXPECT_EQ(program.rt.may_wait(), nanoseconds::zero());  // to submit the read that a post ends
  EXPECT_TRUE(program.has_signal());
  program.settle();
  EXPECT_NE(program.rt.may_wait(), nanoseconds::zero());
  bool ran = false;
  std::jthread([&] { here.post([&] { ran = true; }); }).join();
  EXPECT_EQ(program.rt.may_wait(), nanoseconds::zero());
  ASSERT_TRUE(program.rt.poll());
  EXPECT_TRUE(ran);
  ran = false;
  const std::jthread other([&] { here.post([&] { ran = true; }); });
  program.run_until(ran);
}

// The end.

TEST(remote_runtime, refuses_everything_after_its_end) {
  remote_runtime there;
  EXPECT_FALSE(there.post([] {}));
  {
    runtime rt = make_runtime().value();
    there = rt.remote();
    EXPECT_TRUE(rt.shutdown(hours(1)));
    EXPECT_FALSE(rt.remote().post([] {}));
  }
  std::atomic<std::thread::id> destroyed_in;
  bool ran = false;
  EXPECT_FALSE(there.post([&, alive = tracked(destroyed_in)] { ran = true; }));
  EXPECT_FALSE(ran);
  EXPECT_EQ(destroyed_in.load(), std::this_thread::get_id());
  auto none = there.spawn([]() -> task<result<int>> { co_return 1; });
  EXPECT_TRUE(none.ready());
  EXPECT_EQ(error_of(none.get()), errc::shut_down);
  try {
    there.spawn(nothing).get();
    ADD_FAILURE() << "a task ran in a runtime that has ended";
  } catch (const std::system_error& e) {
    EXPECT_EQ(e.code(), errc::shut_down);
  }
}

TEST(remote_runtime, destroys_what_did_not_run_on_its_own_thread) {
  std::atomic<std::thread::id> destroyed_in;
  std::optional<runtime> rt = make_runtime().value();
  std::optional<remote_result<result<int>>> pending;
  std::jthread([&, there = rt->remote()] {
    EXPECT_TRUE(there.post([alive = tracked(destroyed_in)] { ADD_FAILURE() << "it ran"; }));
    pending = there.spawn([]() -> task<result<int>> { co_return 1; });
  }).join();
  EXPECT_EQ(destroyed_in.load(), std::thread::id());
  EXPECT_FALSE(pending->ready());
  rt.reset();
  EXPECT_EQ(destroyed_in.load(), std::this_thread::get_id());
  EXPECT_EQ(error_of(pending->get()), errc::shut_down);
}

TEST(remote_runtime, says_of_a_task_that_it_ended_before_it) {
  std::optional<runtime> rt = make_runtime().value();
  auto pending = rt->remote().spawn([]() -> task<result<int>> {
    co_await sleep_for(hours(1));
    co_return 1;
  });
  rt->block_on(nothing());
  EXPECT_FALSE(pending.ready());
  rt.reset();
  EXPECT_EQ(error_of(pending.get()), errc::shut_down);
}

TEST(remote_runtime, runs_or_destroys_whatever_it_has_accepted_before_its_end) {
  for (int round = 0; round < 100; ++round) {
    std::optional<runtime> rt = make_runtime().value();
    rt->block_on(nothing());
    std::atomic<int> gone = 0;
    struct counted {
      std::atomic<int>* gone;
      explicit counted(std::atomic<int>& count) noexcept : gone(&count) {}
      counted(counted&& other) noexcept : gone(std::exchange(other.gone, nullptr)) {}
      counted& operator=(counted&&) = delete;
      ~counted() {
        if (gone != nullptr) ++*gone;
      }
    };
    std::latch begun(1);
    int accepted = 0;
    int made = 0;
    {
      const std::jthread other([&, there = rt->remote()] {
        for (bool alive = true; alive; ++made) {
          alive = there.post([mine = counted(gone)] {});
          if (alive) ++accepted;
          if (made == 3) begun.count_down();
        }
      });
      begun.wait();
      rt.reset();
    }
    EXPECT_EQ(gone, made);
    EXPECT_EQ(accepted + 1, made);
  }
}

TEST(remote_runtime, is_none_in_a_child_of_fork) {
  runtime rt = make_runtime().value();
  const remote_runtime here = rt.remote();
  const auto child = test::in_child([&] { return here.post([] {}) ? 1 : 0; });
  EXPECT_EQ(child.code, 0) << child.said;
  bool ran = false;
  here.post([&] { ran = true; });
  rt.block_on(nothing());
  EXPECT_TRUE(ran);
}

// Misuse.

TEST(remote_runtime_death, is_stalled_once_the_last_handle_goes) {
  const auto stalled = [] {
    runtime rt = make_runtime().value();
    event never;
    std::latch waits(1);
    const std::jthread other([&, there = rt.remote()]() mutable {
      waits.wait();
      there = {};
    });
    auto body = [&]() -> task<> {
      waits.count_down();
      co_await wait_for(never);
    };
    rt.block_on(body());
  };
  EXPECT_DEATH(stalled(), "task 1 waits for an event");
}

TEST(remote_runtime_death, an_exception_of_a_posted_callable_ends_the_process) {
  const auto throws = [] {
    runtime rt = make_runtime().value();
    rt.remote().post([] { throw std::runtime_error("on purpose"); });
    rt.block_on(nothing());
  };
  EXPECT_DEATH(throws(), "an exception escaped from a callable that was posted.*: on purpose");
}

TEST(remote_runtime_death, an_exception_that_nobody_asks_for_ends_the_process) {
  const auto throws = [] {
    runtime rt = make_runtime().value();
    (void)rt.remote().spawn([]() -> task<> {
      throw std::runtime_error("on purpose");
      co_return;
    });
    rt.block_on(nothing());
    rt.block_on(nothing());
  };
  EXPECT_DEATH(throws(), "an exception escaped from a task whose remote_result.*: on purpose");
}

TEST(remote_runtime_death, a_task_must_not_block_its_thread_for_another) {
  const auto blocks = []() -> task<> {
    remote_runtime::current().spawn(nothing).get();
    co_return;
  };
  EXPECT_DEATH(run(blocks), "co_await it in a task");
}

TEST(remote_runtime_death, a_callable_that_forks_does_not_go_on_in_the_child) {
  const auto forks = [] {
    runtime rt = make_runtime().value();
    const remote_runtime here = rt.remote();
    here.post([] {
      if (fork() > 0) _exit(0);
    });
    here.post([] { std::fprintf(stderr, "it ran in the child\n"); });
    rt.block_on(nothing());
  };
  const auto child = test::in_child([&] {
    forks();
    return 0;
  });
  EXPECT_NE(child.said.find("a runtime cannot be used in a child of fork()"), std::string::npos);
  EXPECT_EQ(child.said.find("it ran in the child"), std::string::npos);
}

}  // namespace
}  // namespace carousel
