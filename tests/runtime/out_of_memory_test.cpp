#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <new>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/content.hpp"
#include "support/counted_heap.hpp"
#include "support/make_runtime.hpp"
#include "support/open_fds.hpp"
#include "support/pipe_pair.hpp"
#include "support/temp_dir.hpp"

// Memory may run out at any allocation: std::bad_alloc reaches whoever awaits, nothing is lost, and
// the runtime goes on.

namespace carousel {
namespace {

using std::chrono::hours;
using test::heap;
using test::owned;
using test::pipe_pair;
using test::temp_dir;

constexpr std::size_t bytes = 64;
constexpr unsigned buffers = 3;

/// Gives every allocation of this thread a turn to fail, each in a thread of its own, whose caches
/// are empty; once alone, and once with all that follow. `attempt` calls its argument for the part
/// in which memory is short.
template <class Attempt>
void fail_each_allocation(Attempt attempt) {
  for (const bool for_good : {false, true}) {
    bool failed = true;
    std::size_t at = 0;
    for (; failed && at < 10'000; ++at) {
      std::jthread([&] {
        const testing::ScopedTrace where(__FILE__, __LINE__, at);
        attempt([&](auto part) {
          heap = {.succeed = at, .fails_for_good = for_good};
          try {
            part();
            failed = heap.has_failed;
            heap = {};
          } catch (...) {
            failed = true;
            heap = {};
            throw;
          }
        });
      }).join();
    }
    EXPECT_GT(at, 1U) << "nothing was allocated";
    EXPECT_FALSE(failed) << "there was no end of allocations";
  }
}

/// A task that is not left alone.
template <class T>
class own_task {
 public:
  explicit own_task(join_handle<T> h) noexcept : handle_(std::move(h)) {}
  own_task(const own_task&) = delete;
  own_task& operator=(const own_task&) = delete;
  ~own_task() {
    if (handle_) handle_->abort();
  }
  [[nodiscard]] bool done() const noexcept { return handle_->done(); }
  join_handle<T> join() { return *std::exchange(handle_, std::nullopt); }

 private:
  std::optional<join_handle<T>> handle_;
};

owned_bytes room() { return owned_bytes::with_capacity(bytes); }

task<std::size_t> read_with_a_lease(fixed_buf_pool pool, file from) {
  auto lease = co_await pool.next(bytes);
  const auto r = co_await from.read_fixed_at(std::move(lease.value()), 0);
  co_return r.res.value();
}

task<std::size_t> files(const fixed_buf_pool& pool, const std::filesystem::path& dir) {
  const file data = (co_await file::open(dir / "data")).value();
  std::size_t sum = co_await read_with_a_lease(pool, data);
  sum += (co_await data.info()).value().size;
  std::vector<owned_bytes> several;
  for (int i = 0; i < 3; ++i) several.push_back(room());
  sum += (co_await data.readv_at(std::move(several), 0)).res.value();
  sum += (co_await directory::list(dir)).value().size();
  const auto options = open_options{}.write(true).create(true);
  file made = (co_await file::open(dir / "made", options)).value();
  (co_await made.write_all_at(owned("text", bytes), 0)).res.value();
  auto [first, second] = co_await linked(made.write_at(slice(owned("large", bytes), 0), 0),
                                         made.write_at(slice(owned("buffers", bytes), 0), 5));
  sum += first.res.value() + second.res.value();
  (co_await file::rename(dir / "made", dir / "renamed")).value();
  (co_await file::remove(dir / "renamed")).value();
  (co_await std::move(made).close()).value();
  co_return sum;
}

task<std::size_t> tasks_and_verbs(const fixed_buf_pool& pool, const pipe_pair& quiet,
                                  const std::filesystem::path& dir) {
  const file data = (co_await file::open(dir / "data")).value();
  std::vector<fixed_buf> all;
  while (auto lease = pool.try_next(bytes)) all.push_back(std::move(*lease));
  own_task waits(spawn(read_with_a_lease, pool, data));
  co_await yield();
  all.clear();
  std::size_t sum = co_await waits.join();
  {
    own_task reads(
        spawn([](file end) -> task<> { (void)co_await end.read(room()); }, quiet.reader()));
    co_await yield();
    if (reads.done()) co_await reads.join();
  }
  const auto late = co_await timeout(std::chrono::nanoseconds(1), quiet.reader().read(room()));
  sum += late.res ? 1 : 0;
  std::stop_source source;
  const auto read = co_await stop_on(source.get_token(), data.read_at(room(), 0));
  sum += read.res.value();
  const auto [one, two] = co_await when_all(data.read_at(room(), 0), read_with_a_lease(pool, data));
  sum += one.res.value() + two;
  const auto first =
      co_await when_any(quiet.reader().read(room()), sleep_for(std::chrono::nanoseconds(1)));
  sum += first.first;
  const auto abandoned =
      co_await abandon_after(std::chrono::nanoseconds(1), quiet.reader().read(room()));
  sum += abandoned.res ? 1 : 0;
  co_return sum;
}

/// All buffers are back as soon as the kernel has let go of what was abandoned.
task<bool> all_come_home(const fixed_buf_pool& pool) {
  std::vector<fixed_buf> all;
  while (all.size() < buffers) {
    auto lease = co_await pool.next(bytes, std::chrono::steady_clock::now() + hours(1));
    if (!lease) co_return false;
    all.push_back(std::move(*lease));
  }
  co_return true;
}

template <class Script>
void survive(Script script) {
  const temp_dir dir;
  (void)dir.make("data", "some text");
  const pipe_pair quiet;
  const std::size_t descriptors = test::open_fds();
  std::size_t expected = 0;
  const auto with_runtime = [&](auto f) {
    auto rt = test::make_runtime().value();
    const auto pool = fixed_buf_pool::make({{bytes, buffers}}).value();
    const auto begin = [&]() -> task<result<>> { co_return pool.register_buffers(); };
    ASSERT_TRUE(rt.block_on(begin()));
    f(rt, pool, [&] { return rt.block_on(script(pool, quiet, dir.path())); });
    EXPECT_TRUE(rt.shutdown(std::chrono::seconds(5)));
  };
  std::jthread([&] {
    with_runtime([&](runtime&, const fixed_buf_pool&, auto work) { expected = work(); });
  }).join();
  fail_each_allocation([&](auto short_of_memory) {
    with_runtime([&](runtime& rt, const fixed_buf_pool& pool, auto work) {
      try {
        short_of_memory(work);
      } catch (const std::bad_alloc&) {
      }
      EXPECT_TRUE(rt.block_on(all_come_home(pool)));
      (void)work();  // what was left half done is done now
      EXPECT_EQ(work(), expected);
    });
  });
  EXPECT_EQ(test::open_fds(), descriptors);
}

TEST(out_of_memory, of_file_operations_is_an_exception_and_loses_nothing) {
  survive([](const fixed_buf_pool& pool, const pipe_pair&, const std::filesystem::path& dir) {
    return files(pool, dir);
  });
}

TEST(out_of_memory, of_tasks_and_verbs_is_an_exception_and_loses_nothing) {
  survive([](const fixed_buf_pool& pool, const pipe_pair& quiet, const std::filesystem::path& dir) {
    return tasks_and_verbs(pool, quiet, dir);
  });
}

/// Whoever goes on after a failure is stopped like everybody: nothing is left of what did not
/// start.
task<result<std::size_t>> read_in_spite_of_all(file end) {
  try {
    (void)co_await end.read(room());
  } catch (const std::bad_alloc&) {
  }
  auto r = co_await end.read(room());
  co_return std::move(r.res);
}

task<std::error_code> read_twice(file end) {
  const auto r =
      co_await timeout(std::chrono::nanoseconds(1), read_in_spite_of_all(std::move(end)));
  co_return r.error();
}

TEST(out_of_memory, of_one_operation_more_is_an_exception_and_loses_nothing) {
  constexpr int already = 256;  // as many as a runtime has room for from the start
  const pipe_pair quiet;
  const std::size_t descriptors = test::open_fds();
  fail_each_allocation([&](auto short_of_memory) {
    auto rt = test::make_runtime().value();
    std::vector<join_handle<void>> reads;
    const auto read = [](file end) -> task<> { (void)co_await end.read(room()); };
    const auto begin = [&]() -> task<> {
      for (int i = 0; i < already; ++i) reads.push_back(spawn(read, quiet.reader()));
      co_await yield();
      co_await yield();
    };
    rt.block_on(begin());
    EXPECT_EQ(rt.stats().operations, static_cast<unsigned>(already));
    try {
      short_of_memory([&] { EXPECT_EQ(rt.block_on(read_twice(quiet.reader())), errc::timed_out); });
    } catch (const std::bad_alloc&) {
    }
    EXPECT_EQ(rt.block_on(read_twice(quiet.reader())), errc::timed_out);
    for (auto& r : reads) r.abort();
    EXPECT_TRUE(rt.shutdown(std::chrono::seconds(5)));
  });
  EXPECT_EQ(test::open_fds(), descriptors);
}

TEST(out_of_memory, while_a_runtime_and_a_pool_are_made_leaves_nothing_behind) {
  const std::size_t descriptors = test::open_fds();
  fail_each_allocation([&](auto short_of_memory) {
    try {
      short_of_memory([] {
        auto rt = test::make_runtime();
        if (!rt) return;
        const auto pool = fixed_buf_pool::make({{bytes, buffers}});
        if (!pool) return;
        const auto begin = [&]() -> task<result<>> { co_return pool->register_buffers(); };
        (void)rt->block_on(begin());
        std::vector<owned_bytes> own;
        own.push_back(room());
        (void)fixed_buf_pool::from(std::move(own));
      });
    } catch (const std::bad_alloc&) {
    }
  });
  EXPECT_EQ(test::open_fds(), descriptors);
}

}  // namespace
}  // namespace carousel
