#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <memory>
#include <system_error>
#include <vector>

#include "fake/kernel.hpp"
#include "loop/runtime_access.hpp"
#include "support/content.hpp"
#include "support/event_counter.hpp"
#include "support/pipe_pair.hpp"
#include "support/stream_ends.hpp"

// Rings that lose completions when their queue is full: the fake kernel fails a test that brings
// more requests than it keeps.

namespace carousel {
namespace {

runtime on_old_ring(fake::kernel_options kernel, runtime_options options) {
  kernel.may_drop = true;
  return detail::runtime_access::make(std::make_unique<fake::kernel>(kernel), options).value();
}
runtime on_smallest_ring(unsigned entries) {
  return on_old_ring({.small_cq = true}, {.entries = entries});
}

task<std::size_t> read_some(file from) {
  const auto r = co_await from.read(std::vector<char>(4));
  co_return r.res.value_or(0);
}

std::vector<join_handle<std::size_t>> reads_of(const file& reader, std::size_t many) {
  std::vector<join_handle<std::size_t>> reads;
  for (std::size_t i = 0; i < many; ++i) reads.push_back(spawn(read_some(reader)));
  return reads;
}

TEST(hold_back, many_reads_that_wait_stand_in_line_and_all_finish) {
  for (const unsigned entries : {1U, 8U, 64U}) {
    on_smallest_ring(entries).block_on([]() -> task<> {
      const test::pipe_pair pipe;
      const file reader = pipe.reader();
      auto reads = reads_of(reader, 1000);
      for (int turns = 0; turns < 3; ++turns) co_await yield();
      for (int i = 0; i < 1000; ++i) pipe.put("text");
      for (auto& read : reads) EXPECT_EQ(co_await std::move(read), 4U);
    }());
  }
}

TEST(hold_back, cancels_find_room_beside_operations_that_wait) {
  for (const unsigned entries : {1U, 8U, 64U}) {
    on_smallest_ring(entries).block_on([]() -> task<> {
      const test::pipe_pair pipe;
      const file reader = pipe.reader();
      auto reads = reads_of(reader, 1000);
      for (int turns = 0; turns < 3; ++turns) co_await yield();
      for (auto& read : reads) read.abort();
      reads.clear();
      for (int turns = 0; turns < 20; ++turns)
        co_await yield();  // until the kernel has none of them
      pipe.put("text");
      EXPECT_EQ(co_await read_some(reader), 4U);
    }());
  }
}

TEST(hold_back, a_write_goes_out_behind_as_many_reads_that_wait_for_it_as_there_may_be_operations) {
  constexpr unsigned reads_max = 2047;
  runtime rt = on_old_ring({}, {.entries = 8, .operations_max = reads_max + 1});
  rt.block_on([]() -> task<> {
    const test::pipe_pair pipe;
    const file reader = pipe.reader();
    const file writer = pipe.writer();
    auto reads = reads_of(reader, reads_max);
    for (int turns = 0; turns < 300; ++turns) co_await yield();
    const auto written = co_await writer.write(std::vector<char>(4UZ * reads_max));
    EXPECT_EQ(written.res, 4UZ * reads_max);
    for (auto& read : reads) EXPECT_EQ(co_await std::move(read), 4U);
  }());
}

/// What fills a completion queue when a request may complete more than once.
task<> connections_readiness_and_zero_copy() {
  const auto at = test::connections<tcp_stream>::listener();
  const accept_stream in = at.incoming();
  const test::event_counter bell;
  const poll_stream rings = poll_stream::on_foreign(bell.fd(), poll_events::readable).value();
  for (int i = 0; i < 20; ++i) {
    const auto here = co_await test::connect_to<tcp_stream>(at);
    const auto there = co_await in.next();
    if (!here || !there) throw std::system_error(here ? there.error() : here.error());
    EXPECT_TRUE(bell.add());
    EXPECT_TRUE(co_await rings.next());
    EXPECT_EQ(bell.take(), 1U);
    const auto sent = co_await here->send_zc(std::vector<char>(100));
    EXPECT_EQ(sent.res, 100U);
    EXPECT_EQ((co_await there->read_exact(std::vector<char>(100))).buf, std::vector<char>(100));
  }
}

TEST(hold_back, no_request_completes_more_than_once) {
  for (const unsigned entries : {1U, 8U})
    on_smallest_ring(entries).block_on(connections_readiness_and_zero_copy());
}

}  // namespace
}  // namespace carousel
