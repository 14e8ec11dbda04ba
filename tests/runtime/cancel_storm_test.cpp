#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>
#include <carousel/carousel.hpp>
#include <carousel/detail/base/poison.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/accept_call.hpp"
#include "support/open_fds.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/small.hpp"

// Very many operations that are abandoned, peers that never answer or vanish, and reads that a
// device still works on at the end.

namespace carousel {
namespace {

using test::error_of;
using test::open_fds;
using test::pipe_pair;
using test::run;
using test::small;

task<> read_for_ever(file from, fixed_buf lease) {
  (void)co_await from.read_fixed(std::move(lease));
}

/// Resident memory of this process in KiB.
std::size_t resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != "VmRSS:") continue;
    std::size_t kib = 0;
    status >> kib;
    return kib;
  }
  return 0;
}

/// `rounds` times: `many` reads of one silent pipe are abandoned at once.
task<> abandon(runtime& rt, std::size_t many, int rounds) {
  const pipe_pair pipe;
  const file end = pipe.reader();
  const std::size_t buffers = std::min(many, fixed_buffers_max);
  const auto pool = fixed_buf_pool::make({{small, buffers}}).value();
  EXPECT_TRUE(pool.register_buffers());
  std::size_t resident = 0;
  for (int round = 0; round < rounds; ++round) {
    std::vector<join_handle<void>> readers;
    readers.reserve(many);
    const auto before = rt.stats();
    for (std::size_t i = 0; i < buffers; ++i)
      readers.push_back(spawn(read_for_ever, end, pool.try_next(small).value()));
    for (std::size_t i = buffers; i < many; ++i) {
      readers.push_back(spawn(
          [](file from) -> task<> { (void)co_await from.read(std::vector<char>(small)); }, end));
    }
    while (rt.stats().operations - before.operations < many) co_await yield();
    for (auto& reader : readers) reader.abort();
    readers.clear();
    const auto cancelling = rt.stats();
    std::vector<fixed_buf> back;
    while (back.size() < buffers) {
      auto lease = pool.try_next(small);
      if (lease) {
        back.push_back(std::move(*lease));
      } else {
        const auto earlier = rt.stats();
        co_await yield();
        // No enter is long: each has a batch of cancels.
        const auto now = rt.stats();
        EXPECT_LE(now.cancels - earlier.cancels, 64 * (now.enters - earlier.enters + 1));
      }
    }
    // One cancel each, and none is lost or repeated.
    EXPECT_GE(rt.stats().cancels - cancelling.cancels, buffers);
    EXPECT_LE(rt.stats().cancels - before.cancels, many);
    if (round == 1) resident = resident_kib();
  }
  // AddressSanitizer keeps freed memory for a while.
  if (rounds > 2 && !detail::memory_is_poisoned) {
    EXPECT_LT(resident_kib(), resident + resident / 4);
  }
}

TEST(cancel_storm, a_million_reads_abandoned_two_thousand_at_a_time_leave_nothing) {
  const std::size_t before = open_fds();
  runtime rt = runtime::make().value();
  rt.block_on(abandon(rt, 2000, 500));
  EXPECT_TRUE(rt.shutdown(std::chrono::seconds(60)));
  EXPECT_EQ(open_fds(), before);
}

TEST(cancel_storm, a_hundred_thousand_reads_abandoned_at_once_leave_nothing) {
  const std::size_t before = open_fds();
  runtime rt = runtime::make().value();
  rt.block_on(abandon(rt, 100'000, 1));
  EXPECT_TRUE(rt.shutdown(std::chrono::seconds(60)));
  EXPECT_EQ(open_fds(), before);
}

TEST(cancel_storm, peers_that_never_answer_do_not_hold_up_the_end) {
  std::array<int, 2> ends{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  const pipe_pair pipe;
  runtime rt = runtime::make().value();
  rt.block_on([&]() -> task<> {
    const file socket = file::from_fd(ends[0]);
    const auto read = [](file from) -> task<> { (void)co_await from.read(std::vector<char>(8)); };
    for (int i = 0; i < 100; ++i) {
      (void)spawn(read, socket);
      (void)spawn(read, pipe.reader());
    }
    (void)spawn(
        [](file to) -> task<> {  // more than the peer's queue takes
          (void)co_await to.write(std::vector<char>(8U << 20U));
        },
        socket);
    co_await yield();
    co_await yield();
  }());
  EXPECT_TRUE(rt.shutdown(std::chrono::seconds(60)));
  ::close(ends[1]);
}

TEST(cancel_storm, a_peer_that_resets_is_an_error_and_no_signal) {
  run([]() -> task<> {
    const test::loopback_listener listener;
    const int client = listener.connect();
    const file end = file::from_fd(listener.accept());
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(client);
    const auto got = co_await end.read(std::vector<char>(8));
    EXPECT_EQ(error_of(got.res), std::errc::connection_reset);
    const auto sent = co_await end.write(std::vector<char>(8));
    EXPECT_EQ(error_of(sent.res), std::errc::broken_pipe);
  });
}

TEST(cancel_storm, memory_of_direct_reads_is_the_programs_again_after_an_orderly_end) {
  std::string name = "direct.XXXXXX";
  const int made = mkstemp(name.data());
  ASSERT_GE(made, 0);
  constexpr std::size_t block = 1U << 20U;
  const std::string content(8 * block, 'x');
  EXPECT_EQ(::write(made, content.data(), content.size()), static_cast<ssize_t>(content.size()));
  fsync(made);
  ::close(made);
  const int probe = ::open(name.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC);
  if (probe < 0) {
    unlink(name.c_str());
    GTEST_SKIP() << "no O_DIRECT here";
  }
  ::close(probe);
  const std::vector<std::byte> zeroes(block);
  int changed = 0;
  for (int round = 0; round < 100; ++round) {
    const auto pool = fixed_buf_pool::make({{block, 8}}).value();
    runtime rt = runtime::make().value();
    rt.block_on([&]() -> task<> {
      EXPECT_TRUE(pool.register_buffers());
      const auto opened = co_await file::open(name, open_options{}.direct(true));
      for (std::uint64_t i = 0; i < 8; ++i) {
        (void)spawn(
            [](file from, fixed_buf lease, std::uint64_t at) -> task<> {
              (void)co_await from.read_fixed_at(std::move(lease), at);
            },
            *opened, pool.try_next(block).value(), i* block);
      }
      co_await yield();
      co_await yield();
    }());
    EXPECT_TRUE(rt.shutdown(std::chrono::seconds(60)));
    std::vector<fixed_buf> all;
    while (auto lease = pool.try_next(block)) {
      lease->resize(block);
      all.push_back(std::move(*lease));
    }
    EXPECT_EQ(all.size(), 8U);
    usleep(2000);  // a late write would land now
    for (const fixed_buf& one : all)
      changed += std::memcmp(one.bytes().data(), zeroes.data(), block) != 0 ? 1 : 0;
  }
  EXPECT_EQ(changed, 0);
  unlink(name.c_str());
}

TEST(cancel_storm, a_thread_that_ends_with_its_runtime_leaves_no_operation_behind) {
  const pipe_pair pipe;
  const auto pool = fixed_buf_pool::make({{small, 1}}).value();
  std::thread([&] {
    thread_local std::optional<runtime> mine;
    mine = runtime::make().value();
    mine->block_on([](fixed_buf_pool leases, file end) -> task<> {
      EXPECT_TRUE(leases.register_buffers());
      (void)spawn(read_for_ever, end, leases.try_next(small).value());
      co_await yield();
      co_await yield();
    }(pool, pipe.reader()));
  }).join();
  EXPECT_EQ(pool.registered(), registration::none);
  EXPECT_TRUE(pool.try_next(small));
  pipe.put("untouched");
  EXPECT_EQ(pipe.take(), "untouched");
}

}  // namespace
}  // namespace carousel
