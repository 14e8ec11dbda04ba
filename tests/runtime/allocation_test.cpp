#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "support/counted_heap.hpp"
#include "support/run.hpp"
#include "support/stream_ends.hpp"

// A program in steady state does not call the heap. A sanitizer's own allocations count too, so
// there the facts are skipped.

namespace carousel {
namespace {

using test::heap;
using test::run;

constexpr std::size_t bytes = 4096;
constexpr int rounds = 1'000;
constexpr int warm_up = 100;

class allocation : public testing::Test {
 protected:
  void SetUp() override {
    if (!CAROUSEL_COUNTS_ALLOCATIONS) GTEST_SKIP() << "a sanitizer counts for itself";
  }
};

TEST_F(allocation, is_seen_by_the_counter) {
  const std::size_t before = heap.allocations;
  ::operator delete(::operator new(100));
  EXPECT_EQ(heap.allocations - before, 1U);
}

TEST_F(allocation, none_in_a_round_through_a_channel_an_event_and_a_mutex) {
  run([]() -> task<> {
    channel<int> there(1);
    channel<int> back(1);
    event started;
    mutex m;
    auto echo =
        spawn([](channel<int>& from, channel<int>& to, event& begun, mutex& lock) -> task<> {
          begun.set();
          for (;;) {
            const result<int> got = co_await from.receive();
            if (!got) co_return;
            const result<mutex::guard> mine = co_await lock.lock();
            (void)co_await to.send(*got);
          }
        }(there, back, started, m));
    (void)co_await started.wait();
    std::size_t before = 0;
    for (int i = 0; i < warm_up + rounds; ++i) {
      if (i == warm_up) before = heap.allocations;
      (void)co_await there.send(i);
      const result<int> got = co_await back.receive();
      EXPECT_EQ(*got, i);
    }
    EXPECT_EQ(heap.allocations - before, 0U);
    there.close();
    co_await std::move(echo);
  });
}

TEST_F(allocation, none_of_either_thread_where_callables_are_posted_to_another) {
  runtime rt = runtime::make().value();
  const remote_runtime there = rt.remote();
  event over;
  std::size_t of_the_runtime = 0;
  const std::jthread other([&] {
    // Two blocks to begin with: a callable has run before its block is on the way back, so that the
    // next post may need another.
    std::atomic<bool> both = false;
    there.post([&] { both.wait(false); });
    there.post([] {});
    both = true;
    both.notify_one();
    std::size_t before = 0;
    std::atomic<int> ran = 0;
    for (int i = 0; i < warm_up + rounds; ++i) {
      if (i == warm_up) before = heap.allocations;
      there.post([&, i] {
        if (i == warm_up) of_the_runtime = heap.allocations;
        ran = i + 1;
        ran.notify_one();
      });
      ran.wait(i);
    }
    EXPECT_EQ(heap.allocations - before, 0U);
    there.post([&] {
      EXPECT_EQ(heap.allocations - of_the_runtime, 0U);
      over.set();
    });
  });
  rt.block_on([](event& e) -> task<> { (void)co_await e.wait(); }(over));
}

TEST_F(allocation, none_in_a_round_through_a_channel_between_runtimes) {
  run([]() -> task<> {
    const remote_channel<int> there(1);
    const remote_channel<int> back(1);
    auto echo = spawn(
        [](remote_channel<int> from, remote_channel<int> to) -> task<> {
          for (;;) {
            const result<int> got = co_await from.receive();
            if (!got) co_return;
            (void)co_await to.send(*got);
          }
        },
        there, back);
    std::size_t before = 0;
    for (int i = 0; i < warm_up + rounds; ++i) {
      if (i == warm_up) before = heap.allocations;
      (void)co_await there.send(i);
      const result<int> got = co_await back.receive();
      EXPECT_EQ(*got, i);
    }
    EXPECT_EQ(heap.allocations - before, 0U);
    there.close();
    co_await std::move(echo);
  });
}

TEST_F(allocation, none_in_a_round_of_lease_read_and_check_in) {
  run([]() -> task<> {
    const auto pool = fixed_buf_pool::make({{bytes, 4}}).value();
    EXPECT_TRUE(pool.register_buffers());
    const auto zeroes = co_await file::open("/dev/zero");
    std::size_t before = 0;
    std::size_t got = 0;
    for (int i = 0; i < warm_up + rounds; ++i) {
      if (i == warm_up) before = heap.allocations;
      auto lease = co_await pool.next(bytes);
      const auto r = co_await zeroes->read_fixed_at(std::move(*lease), 0);
      got += r.buf.size();
    }
    EXPECT_EQ(heap.allocations - before, 0U);
    EXPECT_EQ(got, bytes * (warm_up + rounds));
  });
}

TEST_F(allocation, none_in_a_round_of_opening_and_closing_a_file_with_a_long_name) {
  run([]() -> task<> {
    const std::string name = "/dev/../dev/../dev/../dev/../dev/../dev/null";
    std::size_t before = 0;
    for (int i = 0; i < warm_up + rounds; ++i) {
      if (i == warm_up) before = heap.allocations;
      auto opened = co_await file::open(name);
      const auto closed = co_await std::move(opened.value()).close();
      if (!closed) ADD_FAILURE() << closed.error().message();
    }
    EXPECT_EQ(heap.allocations - before, 0U);
  });
}

task<int> number(int n) {
  co_await yield();
  co_return n;
}

TEST_F(allocation, none_in_a_round_of_spawn_and_join) {
  run([]() -> task<> {
    std::size_t before = 0;
    long sum = 0;
    for (int i = 0; i < warm_up + rounds; ++i) {
      if (i == warm_up) before = heap.allocations;
      auto h = spawn(number, 1);
      sum += co_await std::move(h);
    }
    EXPECT_EQ(heap.allocations - before, 0U);
    EXPECT_EQ(sum, warm_up + rounds);
  });
}

TEST_F(allocation, none_in_a_round_of_waiting_for_a_buffer) {
  run([]() -> task<> {
    const auto pool = fixed_buf_pool::make({{bytes, 1}}).value();
    std::size_t before = 0;
    for (int i = 0; i < warm_up + rounds; ++i) {
      if (i == warm_up) before = heap.allocations;
      auto waiter = spawn([&pool]() -> task<> {
        const auto lease = co_await pool.next(bytes);
        EXPECT_TRUE(lease);
      });
      {
        const auto lease = co_await pool.next(bytes);
        co_await yield();
      }
      co_await std::move(waiter);
    }
    EXPECT_EQ(heap.allocations - before, 0U);
  });
}

TEST_F(allocation, none_in_a_round_of_a_lease_that_is_handed_over_and_waited_for) {
  run([]() -> task<> {
    const auto pool = fixed_buf_pool::make({{bytes, 1}}).value();
    remote_channel<handed_buf> there(1);
    std::size_t elsewhere = 0;
    std::jthread engine([&] {
      run([&]() -> task<> {
        std::size_t before = 0;
        for (int i = 0;; ++i) {
          if (i == warm_up) before = heap.allocations;
          auto handed = co_await there.receive();
          if (!handed) break;
          std::byte* const data = handed->spare().data();
          const std::unique_ptr<void, std::function<void(void*)>> kept(
              data, std::move(*handed).release());
        }
        elsewhere = heap.allocations - before;
      });
    });
    std::size_t before = 0;
    for (int i = 0; i < warm_up + rounds; ++i) {
      if (i == warm_up) before = heap.allocations;
      auto lease = co_await pool.next(bytes);
      EXPECT_TRUE((co_await there.send(std::move(*lease).hand_over())).res);
    }
    EXPECT_EQ(heap.allocations - before, 0U);
    there.close();
    engine.join();
    EXPECT_EQ(elsewhere, 0U);
  });
}

TEST_F(allocation, none_in_a_round_of_a_read_that_is_aborted) {
  run([]() -> task<> {
    const auto pool = fixed_buf_pool::make({{bytes, 1}}).value();
    EXPECT_TRUE(pool.register_buffers());
    const auto zeroes = co_await file::open("/dev/zero");
    std::size_t before = 0;
    for (int i = 0; i < warm_up + rounds; ++i) {
      if (i == warm_up) before = heap.allocations;
      auto reader = spawn([&]() -> task<> {
        auto lease = co_await pool.next(bytes);
        (void)co_await zeroes->read_fixed_at(std::move(*lease), 0);
      });
      co_await yield();
      reader.abort();
    }
    EXPECT_EQ(heap.allocations - before, 0U);
  });
}

TEST_F(allocation, none_in_a_round_of_a_timeout_that_passes_and_one_that_does_not) {
  run([]() -> task<> {
    const auto pool = fixed_buf_pool::make({{bytes, 1}}).value();
    const auto zeroes = co_await file::open("/dev/zero");
    auto lease = pool.try_next(bytes);
    std::size_t before = 0;
    for (int i = 0; i < warm_up + rounds; ++i) {
      if (i == warm_up) before = heap.allocations;
      auto r = co_await timeout(std::chrono::hours(1), zeroes->read_at(std::move(*lease), 0));
      lease = std::move(r.buf);
      const auto refused = co_await timeout(std::chrono::nanoseconds(0), pool.next(bytes));
      EXPECT_FALSE(refused);
    }
    EXPECT_EQ(heap.allocations - before, 0U);
  });
}

TEST_F(allocation, none_in_a_round_of_stop_on_and_abandon_after) {
  run([]() -> task<> {
    const auto pool = fixed_buf_pool::make({{bytes, 1}}).value();
    const auto held = pool.try_next(bytes);
    const std::stop_source never;
    std::size_t before = 0;
    for (int i = 0; i < warm_up + rounds; ++i) {
      if (i == warm_up) before = heap.allocations;
      (void)co_await abandon_after(std::chrono::nanoseconds(0), pool.next(bytes));
      (void)co_await stop_on(never.get_token(), sleep_for(std::chrono::nanoseconds(0)));
    }
    EXPECT_EQ(heap.allocations - before, 0U);
  });
}

TEST_F(allocation, none_in_a_round_of_when_all_when_any_and_linked) {
  run([]() -> task<> {
    const auto pool = fixed_buf_pool::make({{bytes, 2}}).value();
    const auto zeroes = co_await file::open("/dev/zero");
    std::size_t before = 0;
    for (int i = 0; i < warm_up + rounds; ++i) {
      if (i == warm_up) before = heap.allocations;
      auto a = pool.try_next(bytes);
      auto b = pool.try_next(bytes);
      auto both =
          co_await when_all(zeroes->read_at(std::move(*a), 0), zeroes->read_at(std::move(*b), 0));
      const auto r = co_await when_any(pool.next(bytes), number(1),
                                       zeroes->read_at(std::move(std::get<0>(both).buf), 0));
      EXPECT_LT(r.first, 3U);
      (void)co_await linked(zeroes->read_at(std::move(std::get<1>(both).buf), 0),
                            zeroes->sync_data());
    }
    EXPECT_EQ(heap.allocations - before, 0U);
  });
}

TEST_F(allocation, none_in_a_round_trip_of_a_connection) {
  run([]() -> task<> {
    const auto ends = co_await test::connect_both<tcp_stream>();
    std::vector<std::byte> out(bytes);
    std::vector<std::byte> in(bytes);
    std::size_t before = 0;
    for (int i = 0; i < warm_up + rounds; ++i) {
      if (i == warm_up) before = heap.allocations;
      auto written = co_await ends.here.write_all(std::move(out));
      auto read = co_await ends.there.read_exact(std::move(in));
      EXPECT_TRUE(written.res && read.res);
      out = std::move(read.buf);
      in = std::move(written.buf);
    }
    EXPECT_EQ(heap.allocations - before, 0U);
  });
}

TEST_F(allocation, none_in_a_round_of_several_buffers) {
  run([]() -> task<> {
    const auto ends = co_await test::connect_both<unix_stream>();
    std::vector<std::vector<std::byte>> out(3, std::vector<std::byte>(bytes));
    std::vector<std::vector<std::byte>> in(3, std::vector<std::byte>(bytes));
    std::size_t before = 0;
    for (int i = 0; i < warm_up + rounds; ++i) {
      if (i == warm_up) before = heap.allocations;
      auto written = co_await ends.here.writev_all(std::move(out));
      auto read = co_await ends.there.readv(std::move(in));
      EXPECT_TRUE(written.res);
      EXPECT_EQ(read.res, 3 * bytes);
      out = std::move(read.buf);
      in = std::move(written.buf);
    }
    EXPECT_EQ(heap.allocations - before, 0U);
  });
}

/// The heap's part in connections to a listener that come and go. `accepted()` is awaited for each.
template <class Accept>
task<> expect_none_per_connection(const socket_address& where, Accept accepted) {
  std::size_t before = 0;
  for (int i = 0; i < warm_up + rounds; ++i) {
    if (i == warm_up) before = heap.allocations;
    auto here = co_await tcp_stream::connect(where);
    auto there = co_await accepted();
    EXPECT_TRUE(here && there);
    const result<> reset = here->set(socket_option::reset_on_close());  // leaves no TIME_WAIT
    EXPECT_TRUE(reset);
    const result<> closed = co_await std::move(*here).close();
    EXPECT_TRUE(closed);
  }
  EXPECT_EQ(heap.allocations - before, 0U);
}

TEST_F(allocation, none_in_a_connection_that_comes_and_goes) {
  run([]() -> task<> {
    const auto listener = test::connections<tcp_stream>::listener();
    const socket_address where = listener.local_address().value();
    co_await expect_none_per_connection(where, [&] { return listener.accept(); });
  });
}

TEST_F(allocation, none_in_a_connection_that_a_stream_brings) {
  run([]() -> task<> {
    const auto listener = test::connections<tcp_stream>::listener();
    const socket_address where = listener.local_address().value();
    const accept_stream in = listener.incoming();
    co_await expect_none_per_connection(where, [&] { return in.next(); });
  });
}

}  // namespace
}  // namespace carousel
