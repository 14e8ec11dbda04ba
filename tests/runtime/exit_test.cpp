#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <semaphore>
#include <thread>
#include <utility>
#include <vector>

#include "support/in_child.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/small.hpp"

// exit() with runtimes that are static or thread_local: the process ends with the status that it
// was given.

namespace carousel {
namespace {

using test::child_end;
using test::make_runtime;
using test::pipe_pair;
using test::small;

constexpr int status = 37;

/// Says that it was destroyed.
struct speaks_at_its_end {
  speaks_at_its_end() = default;
  speaks_at_its_end(const speaks_at_its_end&) = delete;
  speaks_at_its_end& operator=(const speaks_at_its_end&) = delete;
  ~speaks_at_its_end() { std::fputs("destroyed\n", stderr); }
};

task<> read_for_ever(file from) {
  const speaks_at_its_end witness;
  (void)co_await from.read(std::vector<char>(small));
}

/// With a read in the kernel and a sleep under way.
task<> exit_among_others() {
  static const pipe_pair pipe;
  (void)spawn(read_for_ever(pipe.reader()));
  auto sleeping = spawn([]() -> task<> {
    const speaks_at_its_end witness;
    co_await sleep_for(std::chrono::hours(1));
  });
  for (int turns = 0; turns < 3; ++turns) co_await yield();
  std::exit(status);  // NOLINT(concurrency-mt-unsafe)
}

/// Of f() in a child that does not repeat what the parent has not printed yet.
template <class F>
child_end quietly(F f) {
  return test::in_child([&] {
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere, 1);
    f();
    return 1;
  });
}

#define EXPECT_ENDS_WITH_THE_STATUS(end) \
  EXPECT_EQ((end).code, status) << "signal " << (end).signal << ": " << (end).said

runtime& function_static() {
  static runtime rt = make_runtime().value();
  return rt;
}

std::optional<runtime> at_namespace_scope;

TEST(exit, inside_a_task_ends_with_its_status_though_the_runtime_is_a_function_static) {
  const child_end end = quietly([] { function_static().block_on(exit_among_others()); });
  EXPECT_ENDS_WITH_THE_STATUS(end);
}

TEST(exit, inside_a_task_runs_no_destructor_of_any_coroutine) {
  const child_end end = quietly([] { function_static().block_on(exit_among_others()); });
  EXPECT_EQ(end.said, "");
}

TEST(exit, inside_a_task_ends_with_its_status_though_the_runtime_is_at_namespace_scope) {
  const child_end end = quietly([] {
    at_namespace_scope = make_runtime().value();
    at_namespace_scope->block_on(exit_among_others());
  });
  EXPECT_ENDS_WITH_THE_STATUS(end);
}

TEST(exit, inside_a_task_ends_with_its_status_though_the_runtime_is_thread_local) {
  const auto drive = [] {
    thread_local runtime mine = make_runtime().value();
    mine.block_on(exit_among_others());
  };
  EXPECT_ENDS_WITH_THE_STATUS(quietly(drive));
  EXPECT_ENDS_WITH_THE_STATUS(quietly([&] { std::thread(drive).join(); }));
}

TEST(exit, inside_a_task_of_one_static_runtime_leaves_another_as_it_is) {
  const child_end end = quietly([] {
    static const pipe_pair pipe;
    static runtime other = make_runtime().value();
    other.block_on([]() -> task<> {
      (void)spawn(read_for_ever(pipe.reader()));
      co_await yield();
    }());
    function_static().block_on(exit_among_others());
  });
  EXPECT_ENDS_WITH_THE_STATUS(end);
  EXPECT_EQ(end.said, "");
}

TEST(exit, between_two_polls_destroys_the_tasks_as_the_end_of_a_runtime_does) {
  const child_end end = quietly([] {
    static const pipe_pair pipe;
    runtime& rt = function_static();
    rt.block_on([]() -> task<> {
      (void)spawn(read_for_ever(pipe.reader()));
      co_await yield();
    }());
    EXPECT_TRUE(rt.poll());
    std::exit(status);  // NOLINT(concurrency-mt-unsafe)
  });
  EXPECT_ENDS_WITH_THE_STATUS(end);
  EXPECT_EQ(end.said, "destroyed\n");
}

task<> exit_now() {
  for (int turns = 0; turns < 3; ++turns) co_await yield();
  std::exit(status);  // NOLINT(concurrency-mt-unsafe)
}

template <class Wait>
child_end exit_beside_one_that_waits(Wait wait) {
  return quietly([&] {
    start([&]() -> task<> {
      spawn(wait).detach();
      co_await exit_now();
    });
  });
}

TEST(exit, inside_a_task_leaves_what_static_objects_others_wait_for) {
  const std::vector<child_end> ends = {
      exit_beside_one_that_waits([]() -> task<> {
        static event never;
        (void)co_await never.wait();
      }),
      exit_beside_one_that_waits([]() -> task<> {
        static mutex taken;
        static const auto guard = taken.try_lock();
        (void)co_await taken.lock();
      }),
      exit_beside_one_that_waits([]() -> task<> {
        static channel<int> empty(1);
        (void)co_await empty.receive();
      }),
      exit_beside_one_that_waits([]() -> task<> {
        static task_group group;
        EXPECT_TRUE(group.try_spawn(exit_now));
        (void)co_await group.wait();
      }),
  };
  for (const child_end& end : ends) EXPECT_ENDS_WITH_THE_STATUS(end);
}

TEST(exit, is_not_needed_to_leave_a_runtime_but_then_it_is_said) {
  const child_end inside = test::in_child([] {
    start([]() -> task<> {
      {
        const runtime other = make_runtime().value();
      }
      co_return;
    });
    return status;
  });
  const child_end elsewhere = test::in_child([] {
    std::optional<runtime> made;
    std::thread([&] { made = make_runtime().value(); }).join();
    made.reset();
    return status;
  });
  for (const child_end& end : {inside, elsewhere}) {
    EXPECT_ENDS_WITH_THE_STATUS(end);
    EXPECT_THAT(end.said, testing::HasSubstr("it is left as it is"));
  }
}

/// Somebody's awaitable whose callback ends the program.
struct ends_the_program {
  static bool await_ready() noexcept { return false; }
  static void await_suspend(std::coroutine_handle<> /*who*/) {
    std::exit(status);  // NOLINT(concurrency-mt-unsafe)
  }
  static void await_resume() noexcept {}
};
struct resumes_at_once {
  static bool await_ready() noexcept { return false; }
  static bool await_suspend(std::coroutine_handle<> who) {
    who.resume();
    return true;
  }
  static void await_resume() noexcept {}
};

TEST(exit, inside_the_callback_of_a_foreign_awaitable_ends_with_its_status) {
  const child_end end = quietly([] {
    function_static().block_on([]() -> task<> {
      const speaks_at_its_end witness;
      co_await resumes_at_once{};
      co_await ends_the_program{};
    }());
  });
  EXPECT_ENDS_WITH_THE_STATUS(end);
  EXPECT_EQ(end.said, "");
}

TEST(exit, inside_a_task_leaves_leases_in_the_kernel_and_a_static_pool_alone) {
  const child_end end = quietly([] {
    static const pipe_pair pipe;
    static const fixed_buf_pool pool = fixed_buf_pool::make({{small, 4}}).value();
    static std::vector<fixed_buf> kept;
    function_static().block_on([]() -> task<> {
      (void)pool.register_buffers();
      kept.push_back(pool.try_next(small).value());
      (void)spawn([]() -> task<> {
        (void)co_await pipe.reader().read_fixed(pool.try_next(small).value());
      });
      co_await exit_among_others();
    }());
  });
  EXPECT_ENDS_WITH_THE_STATUS(end);
}

TEST(exit, in_another_thread_ends_with_its_status_while_the_runtime_waits) {
  const child_end end = quietly([] {
    static const pipe_pair& pipe = *new pipe_pair;  // exit() leaves it to the runtime's thread
    static std::binary_semaphore in_the_kernel{0};
    std::thread other([] {
      in_the_kernel.acquire();
      std::exit(status);  // NOLINT(concurrency-mt-unsafe)
    });
    static runtime rt = runtime::make().value();
    rt.block_on([]() -> task<> {
      auto reading = spawn(read_for_ever(pipe.reader()));
      for (int turns = 0; turns < 3; ++turns) co_await yield();
      in_the_kernel.release();
      co_await std::move(reading);
    }());
    other.join();
  });
  EXPECT_ENDS_WITH_THE_STATUS(end);
  EXPECT_EQ(end.said, "");
}

/// Does something, and waits for the kernel, in a runtime that is there for all of it.
void use_for_a_while(runtime& rt) {
  const pipe_pair pipe;
  for (int times = 0; times < 3; ++times) {
    rt.block_on([](const pipe_pair& own) -> task<> {
      auto reading =
          spawn([](file from) -> task<> { (void)co_await from.read(std::vector<char>(small)); },
                own.reader());
      co_await yield();
      own.put("x");
      co_await std::move(reading);
    }(pipe));
    (void)rt.poll();
    (void)rt.may_wait();
    (void)rt.stats();
  }
}

/// A thread that goes on with a static runtime which exit() has destroyed in the main one, and is
/// awaited by a static that was made before.
template <class Drive>
void exit_before_the_end_of(Drive drive) {
  static std::binary_semaphore in_use{0};
  static std::binary_semaphore is_destroyed{0};
  struct joined {
    std::thread thread;
    ~joined() { thread.join(); }
  };
  struct tells {
    ~tells() { is_destroyed.release(); }
  };
  static joined driver;
  static const tells destroyed_after_the_runtime;
  driver.thread = std::thread([drive] {
    drive([] {
      in_use.release();
      is_destroyed.acquire();
    });
  });
  in_use.acquire();
  std::exit(status);  // NOLINT(concurrency-mt-unsafe)
}

TEST(exit, ends_with_its_status_though_another_thread_goes_on_with_a_static_runtime) {
  const child_end end = quietly([] {
    exit_before_the_end_of([](auto until_it_is_destroyed) {
      use_for_a_while(function_static());
      until_it_is_destroyed();
      use_for_a_while(function_static());
    });
  });
  EXPECT_ENDS_WITH_THE_STATUS(end);
  EXPECT_EQ(end.said, "");
}

TEST(exit, ends_with_its_status_though_a_static_runtime_is_destroyed_while_a_task_runs) {
  const child_end end = quietly([] {
    exit_before_the_end_of([](auto until_it_is_destroyed) {
      function_static().block_on([](auto wait) -> task<> {
        wait();
        co_await yield();
      }(until_it_is_destroyed));
      use_for_a_while(function_static());
    });
  });
  EXPECT_ENDS_WITH_THE_STATUS(end);
  EXPECT_EQ(end.said, "");
}

TEST(exit, ends_with_its_status_though_another_thread_shuts_its_static_runtime_down) {
  const child_end end = quietly([] {
    exit_before_the_end_of([](auto until_it_is_destroyed) {
      use_for_a_while(function_static());
      until_it_is_destroyed();
      (void)function_static().shutdown(std::chrono::seconds(1));
    });
  });
  EXPECT_ENDS_WITH_THE_STATUS(end);
}

TEST(exit, ends_with_its_status_though_the_thread_of_a_static_runtime_is_gone) {
  const child_end end = quietly([] {
    std::thread([] { function_static().block_on([]() -> task<> { co_await yield(); }()); }).join();
    std::exit(status);  // NOLINT(concurrency-mt-unsafe)
  });
  EXPECT_ENDS_WITH_THE_STATUS(end);
}

}  // namespace
}  // namespace carousel
