#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "support/bytes.hpp"
#include "support/make_runtime.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"

// An awaitable that is not the library's resumes its waiter from wherever it is made ready: the
// waiter stays in its own task.

namespace carousel {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::error_of;
using test::pipe_pair;
using test::run;
using test::text_of;

/// As everybody writes it.
struct inline_event {
  std::coroutine_handle<> waiting;
  bool is_set = false;

  [[nodiscard]] bool await_ready() const noexcept { return is_set; }
  void await_suspend(std::coroutine_handle<> h) noexcept { waiting = h; }
  void await_resume() const noexcept {}
  void set() {
    is_set = true;
    if (waiting) std::exchange(waiting, nullptr).resume();
  }
};

TEST(foreign_await, a_waiter_does_not_end_with_the_timeout_of_who_resumed_it) {
  run([]() -> task<> {
    inline_event event;
    const pipe_pair pipe;
    auto waiter = spawn([&]() -> task<std::size_t> {
      co_await event;
      EXPECT_FALSE(stop_requested());
      auto [res, buf] = co_await pipe.reader().read(owned_bytes::with_capacity(64));
      co_return res.value_or(0);
    });
    co_await yield();
    const auto setter = [&]() -> task<result<>> {
      event.set();
      co_await sleep_for(hours(1));
      co_return std::unexpected(make_error_code(errc::canceled));
    };
    EXPECT_EQ(error_of(co_await timeout(milliseconds(1), setter())), errc::timed_out);
    EXPECT_FALSE(waiter.done());
    pipe.put("late");
    EXPECT_EQ(co_await std::move(waiter), 4U);
  });
}

TEST(foreign_await, a_waiter_stays_in_the_verb_in_which_it_waits) {
  run([]() -> task<> {
    inline_event event;
    auto waiter = spawn([&]() -> task<result<>> {
      const auto inside = [](inline_event& e) -> task<> {
        co_await e;
        co_await sleep_for(hours(1));
      };
      co_return co_await timeout(milliseconds(1), inside(event));
    });
    co_await yield();
    event.set();
    EXPECT_EQ(error_of(co_await std::move(waiter)), errc::timed_out);
  });
}

TEST(foreign_await, a_waiter_that_aborts_its_own_task_ends_at_its_next_suspension) {
  run([]() -> task<> {
    inline_event event;
    std::optional<join_handle<void>> self;
    bool ran = false;
    self = spawn([&]() -> task<> {
      co_await event;
      self->abort();
      ran = true;
      co_await yield();
      ADD_FAILURE() << "it was aborted";
    });
    co_await yield();
    event.set();
    co_await yield();
    co_await yield();
    EXPECT_TRUE(ran);
    EXPECT_TRUE(self->done());
  });
}

TEST(foreign_await, who_resumes_a_waiter_is_not_destroyed_by_it) {
  run([]() -> task<> {
    inline_event event;
    std::optional<join_handle<void>> setter;
    int after = 0;
    auto waiter = spawn([&]() -> task<> {
      co_await event;
      setter->abort();
    });
    setter = spawn([&]() -> task<> {
      event.set();
      ++after;
      co_await sleep_for(hours(1));
    });
    co_await std::move(waiter);
    EXPECT_EQ(after, 1);
    EXPECT_TRUE(setter->done());
  });
}

TEST(foreign_await, an_event_works_inside_of_verbs) {
  run([]() -> task<> {
    inline_event event;
    struct reference {
      inline_event& to;
      auto operator co_await() && noexcept { return waits{to}; }
      struct waits {
        inline_event& to;
        [[nodiscard]] bool await_ready() const noexcept { return to.await_ready(); }
        void await_suspend(std::coroutine_handle<> h) const noexcept { to.await_suspend(h); }
        void await_resume() const noexcept {}
      };
    };
    auto setter = spawn([&]() -> task<> {
      event.set();
      co_return;
    });
    EXPECT_TRUE(co_await timeout(hours(1), reference{event}));
    const auto [a, b] = co_await when_all(reference{event}, sleep_for(milliseconds(1)));
    (void)a;
    (void)b;
    co_await std::move(setter);
  });
}

TEST(foreign_await, a_waiter_dies_before_it_goes_on) {
  run([]() -> task<> {
    inline_event event;
    auto waiter = spawn([&]() -> task<> {
      co_await event;
      ADD_FAILURE() << "it was aborted";
    });
    co_await yield();
    event.set();
    waiter.abort();
    co_await yield();
  });
}

TEST(foreign_await, an_event_that_is_set_between_two_turns_wants_one) {
  runtime rt = test::make_runtime().value();
  inline_event event;
  bool done = false;
  rt.block_on([](inline_event& e, bool& d) -> task<> {
    spawn(
        [](inline_event& inner, bool& ended) -> task<> {
          co_await inner;
          ended = true;
        },
        std::ref(e), std::ref(d))
        .detach();
    co_await yield();
  }(event, done));
  EXPECT_EQ(rt.may_wait(), std::chrono::nanoseconds::max());
  event.set();
  EXPECT_FALSE(done);
  EXPECT_EQ(rt.may_wait(), std::chrono::nanoseconds::zero());
  EXPECT_TRUE(rt.poll());
  EXPECT_TRUE(done);
}

TEST(foreign_await, an_event_of_another_runtime_resumes_its_waiter_at_home) {
  runtime home = test::make_runtime().value();
  inline_event event;
  const pipe_pair pipe;
  pipe.put("home");
  std::string read;
  home.block_on([](inline_event& e, const pipe_pair& p, std::string& into) -> task<> {
    spawn(
        [](inline_event& inner, const pipe_pair& from, std::string& text) -> task<> {
          co_await inner;
          auto [res, buf] = co_await from.reader().read(owned_bytes::with_capacity(64));
          text = text_of(buf.bytes());
        },
        std::ref(e), std::cref(p), std::ref(into))
        .detach();
    co_await yield();
  }(event, pipe, read));
  run([&]() -> task<> {
    event.set();
    co_return;
  });
  while (read.empty()) ASSERT_TRUE(home.poll());
  EXPECT_EQ(read, "home");
}

}  // namespace
}  // namespace carousel
