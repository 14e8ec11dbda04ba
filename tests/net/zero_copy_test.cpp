#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "fake/kernel.hpp"
#include "loop/runtime_access.hpp"
#include "support/meddling_kernel.hpp"
#include "support/run.hpp"
#include "support/stream_ends.hpp"

// A zero-copy send has two moments: the bytes are accepted, and the buffer is free.

namespace carousel {
namespace {

using std::chrono::milliseconds;
using test::connect_both;
using test::error_of;
using test::pattern;
using test::run;

constexpr std::size_t lease_bytes = 4096;

fixed_buf_pool pool_of_one() {
  return fixed_buf_pool::make({{.capacity = lease_bytes, .count = 1}}).value();
}

fixed_buf full_lease(const fixed_buf_pool& pool) {
  fixed_buf lease = pool.try_next(lease_bytes).value();
  const std::vector<char> bytes = pattern(lease_bytes);
  lease.append(std::as_bytes(std::span(bytes)));
  return lease;
}

task<> expect_pattern(tcp_stream from) {
  const auto came = co_await from.read_exact(std::vector<char>(lease_bytes));
  EXPECT_TRUE(came.res);
  EXPECT_EQ(came.buf, pattern(lease_bytes));
}

/// A pool that may be registered, and both ends of a connection.
struct sending {
  fixed_buf_pool pool;
  tcp_stream here;
  tcp_stream there;
};

task<sending> begin_sending() {
  fixed_buf_pool pool = pool_of_one();
  EXPECT_TRUE(pool.register_buffers());
  auto ends = co_await connect_both<tcp_stream>();
  co_return sending{std::move(pool), std::move(ends.here), std::move(ends.there)};
}

TEST(zero_copy, the_buffer_comes_back_behind_the_bytes) {
  run([]() -> task<> {
    const sending s = co_await begin_sending();
    auto sent = co_await s.here.send_zc(full_lease(s.pool));
    EXPECT_EQ(sent.res, lease_bytes);
    co_await expect_pattern(s.there);
    const auto back = co_await std::move(sent.rest);
    EXPECT_EQ(back.buf.size(), lease_bytes);
  });
}

TEST(zero_copy, it_takes_slices_and_memory_of_the_users_own) {
  run([]() -> task<> {
    const sending s = co_await begin_sending();
    auto slice = co_await s.here.send_zc(full_lease(s.pool).slice(0, lease_bytes / 2));
    EXPECT_EQ(slice.res, lease_bytes / 2);
    std::vector<char> rest = pattern(lease_bytes);
    rest.erase(rest.begin(), rest.begin() + lease_bytes / 2);
    auto plain = co_await s.here.send_zc(std::move(rest));
    EXPECT_EQ(plain.res, lease_bytes / 2);
    co_await expect_pattern(s.there);
    const auto first = co_await std::move(slice.rest);
    EXPECT_EQ(first.buf.inner().size(), lease_bytes);
    const auto second = co_await std::move(plain.rest);
    EXPECT_EQ(second.buf.size(), lease_bytes / 2);
  });
}

TEST(zero_copy, of_no_bytes_it_does_nothing) {
  run([]() -> task<> {
    const sending s = co_await begin_sending();
    auto sent = co_await s.here.send_zc(s.pool.try_next(lease_bytes).value());
    EXPECT_EQ(sent.res, 0U);
    EXPECT_TRUE(sent.rest.released());
    const auto back = co_await std::move(sent.rest);
    EXPECT_EQ(back.buf.size(), 0U);
  });
}

TEST(zero_copy, a_failure_gives_the_buffer_back_too) {
  run([]() -> task<> {
    const sending s = co_await begin_sending();
    co_await test::reset(s.there);
    std::error_code error;
    for (int tries = 0; tries < 3 && !error; ++tries) {
      auto sent = co_await s.here.send_zc(full_lease(s.pool));
      error = error_of(sent.res);
      const auto back = co_await std::move(sent.rest);
      EXPECT_EQ(back.buf.size(), lease_bytes);
    }
    EXPECT_EQ(error, std::errc::connection_reset);
    auto closed = co_await std::move(tcp_stream(s.here)).close();
    EXPECT_TRUE(closed);
    auto sent = co_await s.here.send_zc(full_lease(s.pool));
    EXPECT_EQ(error_of(sent.res), std::errc::bad_file_descriptor);
    EXPECT_TRUE(sent.rest.released());
  });
}

/// What the kernel has said to zero-copy sends about their memory.
std::size_t releases(const test::meddling& m) {
  constexpr std::uint32_t cqe_notif = 8;
  return static_cast<std::size_t>(std::ranges::count_if(
      m.seen, [](const sys::cqe& one) { return (one.flags & cqe_notif) != 0; }));
}

TEST(zero_copy, a_socket_that_has_none_is_asked_once) {
  const auto m = std::make_shared<test::meddling>();
  test::make_meddled(m).block_on([]() -> task<> {
    auto ends = co_await connect_both<unix_stream>();
    for (int i = 0; i < 3; ++i) {
      auto sent = co_await ends.here.send_zc(pattern(lease_bytes));
      EXPECT_EQ(sent.res, lease_bytes);
      const auto came = co_await ends.there.read_exact(std::vector<char>(lease_bytes));
      EXPECT_EQ(came.buf, pattern(lease_bytes));
      const auto back = co_await std::move(sent.rest);
      EXPECT_TRUE(back.copied);
      EXPECT_EQ(back.buf.size(), lease_bytes);
    }
  }());
  EXPECT_LE(releases(*m), 1U);
}

TEST(zero_copy, where_no_memory_can_be_locked_the_bytes_are_copied) {
  const auto m = std::make_shared<test::meddling>();
  m->refused[detail::opcode::send_zc] = -ENOMEM;
  test::make_meddled(m).block_on([]() -> task<> {
    const sending s = co_await begin_sending();
    auto sent = co_await s.here.send_zc(full_lease(s.pool));
    EXPECT_EQ(sent.res, lease_bytes);
    EXPECT_TRUE(sent.rest.released());
    co_await expect_pattern(s.there);
  }());
}

/// Runs f() on fake kernels that are late with everything, and with their last word above all.
void run_late(const std::function<task<>(fake::kernel&)>& f, unsigned refused_buffers = 0) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    fake::kernel_options options = fake::kernel_options::benign(seed);
    options.untold = 300;
    options.copied = 500;
    options.no_zero_copy = false;
    options.delay_max = milliseconds(2);
    options.refused_buffers = refused_buffers;
    auto made = std::make_unique<fake::kernel>(options);
    fake::kernel& kernel = *made;
    auto rt = detail::runtime_access::make(std::move(made), runtime_options{}).value();
    rt.block_on(f(kernel));
  }
}

TEST(zero_copy, a_lease_is_home_only_when_the_kernel_has_let_go) {
  unsigned late = 0;
  run_late([&](fake::kernel& kernel) -> task<> {
    const sending s = co_await begin_sending();
    fixed_buf lease = full_lease(s.pool);
    const void* const memory = lease.bytes().data();
    const auto lent = [&] { return kernel.borrower(memory, lease_bytes) != 0; };
    {
      const auto sent = co_await s.here.send_zc(std::move(lease));
      EXPECT_EQ(sent.res, lease_bytes);
      EXPECT_TRUE(!sent.rest.released() || !lent());
    }
    late += lent() ? 1U : 0U;
    EXPECT_TRUE(!lent() || !s.pool.try_next(lease_bytes));
    const auto back = co_await s.pool.next(lease_bytes);
    EXPECT_TRUE(back);
    EXPECT_FALSE(lent());
    co_await expect_pattern(s.there);
  });
  EXPECT_GT(late, 0U);
}

TEST(zero_copy, whether_the_bytes_were_copied_is_told) {
  unsigned copied = 0;
  unsigned taken = 0;
  run_late([&](fake::kernel&) -> task<> {
    const sending s = co_await begin_sending();
    auto sent = co_await s.here.send_zc(full_lease(s.pool));
    const auto back = co_await std::move(sent.rest);
    ++(back.copied ? copied : taken);
  });
  EXPECT_GT(copied, 0U);
  EXPECT_GT(taken, 0U);
}

TEST(zero_copy, it_can_be_destroyed_at_any_moment) {
  for (int turns = 0; turns < 6; ++turns) {
    run_late([turns](fake::kernel&) -> task<> {
      const sending s = co_await begin_sending();
      auto sender = spawn([](tcp_stream to, fixed_buf lease) -> task<> {
        auto sent = co_await to.send_zc(std::move(lease));
        const auto back = co_await std::move(sent.rest);
        EXPECT_EQ(back.buf.size(), lease_bytes);
      }(s.here, full_lease(s.pool)));
      for (int i = 0; i < turns; ++i) co_await yield();
      sender.abort();
      const auto back = co_await s.pool.next(lease_bytes);
      EXPECT_TRUE(back);
    });
  }
}

TEST(zero_copy, a_verb_that_stops_it_loses_neither_bytes_nor_buffer) {
  unsigned stopped = 0;
  run_late([&](fake::kernel&) -> task<> {
    const sending s = co_await begin_sending();
    auto sent = co_await timeout(milliseconds(0), s.here.send_zc(full_lease(s.pool)));
    const auto back = co_await std::move(sent.rest);
    EXPECT_EQ(back.buf.size(), lease_bytes);
    if (sent.res) {
      co_await expect_pattern(s.there);
    } else {
      EXPECT_EQ(sent.res.error(), errc::timed_out);
      ++stopped;
    }
  });
  EXPECT_GT(stopped, 0U);
}

TEST(zero_copy, to_close_the_socket_does_not_wait_for_the_memory) {
  unsigned early = 0;
  run_late([&](fake::kernel&) -> task<> {
    const sending s = co_await begin_sending();
    auto sent = co_await s.here.send_zc(full_lease(s.pool));
    const result<> closed = co_await std::move(tcp_stream(s.here)).close();
    EXPECT_TRUE(closed);
    early += sent.rest.released() ? 0U : 1U;
    co_await expect_pattern(s.there);
  });
  EXPECT_GT(early, 0U);
}

TEST(zero_copy, the_registration_lasts_as_long_as_the_kernel_has_the_memory) {
  unsigned busy = 0;
  run_late([&](fake::kernel&) -> task<> {
    const sending s = co_await begin_sending();
    auto sent = co_await s.here.send_zc(full_lease(s.pool));
    const bool fixed = s.pool.registered() == registration::fixed;
    EXPECT_TRUE(s.pool.unregister_buffers());
    const auto other = pool_of_one();
    const result<> again = other.register_buffers();
    if (fixed && !sent.rest.released()) {
      EXPECT_EQ(error_of(again), errc::busy);
      ++busy;
    }
    const auto back = co_await std::move(sent.rest);
    EXPECT_EQ(back.buf.size(), lease_bytes);
  });
  EXPECT_GT(busy, 0U);
}

TEST(zero_copy, a_registration_that_the_kernel_has_refused_ends_at_once) {
  constexpr unsigned all = 1000;
  const auto send_and_unregister = [](fake::kernel&) -> task<> {
    const sending s = co_await begin_sending();
    EXPECT_EQ(s.pool.registered(), registration::plain);
    auto sent = co_await s.here.send_zc(full_lease(s.pool));
    EXPECT_TRUE(s.pool.unregister_buffers());
    EXPECT_TRUE(pool_of_one().register_buffers());
    const auto back = co_await std::move(sent.rest);
    EXPECT_EQ(back.buf.size(), lease_bytes);
  };
  run_late(send_and_unregister, all);
}

TEST(zero_copy, what_is_left_of_it_outlives_the_runtime) {
  std::vector<zc_rest<fixed_buf>> left;
  run_late([&](fake::kernel&) -> task<> {
    const sending s = co_await begin_sending();
    auto sent = co_await s.here.send_zc(full_lease(s.pool));
    left.push_back(std::move(sent.rest));
  });
  for (const auto& one : left) EXPECT_TRUE(one.released());
  run([&]() -> task<> {
    const auto back = co_await std::move(left.front());
    EXPECT_EQ(back.buf.size(), lease_bytes);
  });
}

}  // namespace
}  // namespace carousel
