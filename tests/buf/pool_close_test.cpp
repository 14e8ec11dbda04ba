#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/small.hpp"
#include "support/some_turns.hpp"

// close() of a pool whose leases are out.

namespace carousel {
namespace {

using test::error_of;
using test::pipe_pair;
using test::run;
using test::small;
using test::some_turns;

fixed_buf_pool pool_of(std::size_t count) { return fixed_buf_pool::make({{small, count}}).value(); }

fixed_buf_pool registered_pool_of(std::size_t count) {
  fixed_buf_pool pool = pool_of(count);
  EXPECT_TRUE(pool.register_buffers());
  EXPECT_NE(pool.registered(), registration::none);
  return pool;
}

/// Reads four bytes from a file of zeroes, as a fixed operation.
task<std::error_code> read_zeroes(fixed_buf& lease) {
  const file zeroes = (co_await file::open("/dev/zero")).value();
  auto [res, buf] = co_await zeroes.read_fixed_at(std::move(lease), 0);
  lease = std::move(buf);
  co_return error_of(res);
}

TEST(pool_close, fixed_operations_of_a_lease_that_is_out_go_on_until_it_is_back) {
  run([]() -> task<> {
    const fixed_buf_pool pool = registered_pool_of(2);
    const registration before = pool.registered();
    auto lease = pool.try_next(small);
    auto closing = spawn(fixed_buf_pool(pool).close());
    for (int times = 0; times < 5; ++times) {
      co_await some_turns();
      EXPECT_EQ(co_await read_zeroes(*lease), std::error_code{});
      EXPECT_EQ(pool.registered(), before);
      EXPECT_FALSE(closing.done());
    }
    lease.reset();
    EXPECT_TRUE(co_await std::move(closing));
    EXPECT_EQ(pool.registered(), registration::none);
  });
}

TEST(pool_close, waits_for_the_last_of_several_leases_one_of_them_in_the_kernel) {
  run([]() -> task<> {
    const pipe_pair pipe;
    const fixed_buf_pool pool = registered_pool_of(3);
    auto reading = spawn(
        [](file from, fixed_buf into) -> task<std::size_t> {
          const auto [res, buf] = co_await from.read_fixed(std::move(into));
          co_return res.value_or(0);
        },
        pipe.reader(), pool.try_next(small).value());
    auto kept = pool.try_next(small);
    co_await some_turns();
    auto closing = spawn(fixed_buf_pool(pool).close());
    co_await some_turns();
    kept.reset();
    co_await some_turns();
    EXPECT_FALSE(closing.done());
    EXPECT_NE(pool.registered(), registration::none);
    pipe.put("last");
    EXPECT_EQ(co_await std::move(reading), 4U);
    EXPECT_TRUE(co_await std::move(closing));
  });
}

TEST(pool_close, gives_no_new_lease_while_others_are_out_nor_afterwards) {
  run([]() -> task<> {
    const fixed_buf_pool pool = registered_pool_of(2);
    auto lease = pool.try_next(small);
    auto closing = spawn(fixed_buf_pool(pool).close());
    co_await some_turns();
    for (int when = 0; when < 2; ++when) {
      EXPECT_FALSE(pool.try_next(small));
      EXPECT_EQ(error_of(co_await pool.next(small)), errc::pool_closed);
      EXPECT_EQ(error_of(pool.register_buffers()), errc::pool_closed);
      EXPECT_EQ(error_of(co_await fixed_buf_pool(pool).close()), errc::pool_closed);
      if (!lease) break;
      lease.reset();
      EXPECT_TRUE(co_await std::move(closing));
    }
  });
}

TEST(pool_close, ends_who_waits_for_a_buffer_with_pool_closed) {
  run([]() -> task<> {
    const fixed_buf_pool pool = registered_pool_of(1);
    auto lease = pool.try_next(small);
    auto waiting = spawn(
        [](fixed_buf_pool from) -> task<std::error_code> {
          co_return error_of(co_await from.next(small));
        },
        pool);
    co_await some_turns();
    auto closing = spawn(fixed_buf_pool(pool).close());
    EXPECT_EQ(co_await std::move(waiting), errc::pool_closed);
    lease.reset();
    EXPECT_TRUE(co_await std::move(closing));
  });
}

TEST(pool_close, another_pool_can_register_after_the_last_lease_and_not_before) {
  run([]() -> task<> {
    const fixed_buf_pool pool = registered_pool_of(1);
    const fixed_buf_pool next = pool_of(1);
    auto lease = pool.try_next(small);
    auto closing = spawn(fixed_buf_pool(pool).close());
    co_await some_turns();
    EXPECT_EQ(error_of(next.register_buffers()), errc::already_registered);
    lease.reset();
    EXPECT_TRUE(co_await std::move(closing));
    EXPECT_TRUE(next.register_buffers());
  });
}

TEST(pool_close, a_fixed_operation_on_a_closed_pool_that_is_not_registered_says_pool_closed) {
  run([]() -> task<> {
    for (const bool was_registered : {false, true}) {
      const fixed_buf_pool pool = pool_of(1);
      EXPECT_TRUE(!was_registered || pool.register_buffers());
      auto lease = pool.try_next(small);
      auto closing = spawn(fixed_buf_pool(pool).close());
      co_await some_turns();
      EXPECT_TRUE(!was_registered || pool.unregister_buffers());
      EXPECT_EQ(co_await read_zeroes(*lease), errc::pool_closed);
      lease.reset();
      EXPECT_TRUE(co_await std::move(closing));
    }
  });
}

TEST(pool_close,
     that_is_abandoned_leaves_the_pool_closed_and_the_last_lease_ends_its_registration) {
  run([]() -> task<> {
    const fixed_buf_pool pool = registered_pool_of(1);
    auto lease = pool.try_next(small);
    auto closing = spawn(fixed_buf_pool(pool).close());
    co_await some_turns();
    closing.abort();
    co_await some_turns();
    EXPECT_EQ(co_await read_zeroes(*lease), std::error_code{});
    EXPECT_EQ(error_of(co_await pool.next(small)), errc::pool_closed);
    lease.reset();
    EXPECT_EQ(pool.registered(), registration::none);
  });
}

TEST(pool_close, leases_outlive_the_runtime_that_ended_while_it_waited_for_them) {
  std::optional<fixed_buf> lease;
  const fixed_buf_pool pool = pool_of(1);
  run([&]() -> task<> {
    EXPECT_TRUE(pool.register_buffers());
    lease = pool.try_next(small).value();
    (void)spawn(fixed_buf_pool(pool).close());
    co_await some_turns();
  });
  EXPECT_EQ(pool.registered(), registration::none);
  lease->append(std::as_bytes(std::span("still memory", 12)));
  lease.reset();
  EXPECT_FALSE(pool.try_next(small));
}

}  // namespace
}  // namespace carousel
