#include <fcntl.h>
#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "support/content.hpp"
#include "support/in_flight.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/small.hpp"
#include "support/temp_dir.hpp"

// Bytes go from one descriptor to another by way of pipes, and none is lost.

namespace carousel {
namespace {

using test::chars_of;
using test::content_of;
using test::error_of;
using test::pipe_pair;
using test::room;
using test::run;
using test::temp_dir;
using test::until_submitted;

task<file> open_to_write(std::filesystem::path path, bool ring_only = false) {
  co_return (co_await file::open(
                 path, open_options{}.read(true).write(true).create(true).ring_only(ring_only)))
      .value();
}

TEST(splice, a_file_goes_to_another_one_through_a_pipe_at_offsets) {
  const temp_dir dir;
  const auto from = dir.make("from", "0123456789");
  const auto to = dir.make("to", "abcdefghij");
  run([&]() -> task<> {
    for (const bool ring_only : {false, true}) {
      const pipe_pair pipe;
      const file in = co_await open_to_write(from, ring_only);
      const file out = co_await open_to_write(to, ring_only);
      const auto read = co_await splice_bytes(in, pipe.writer(), 4, {.from = 3});
      EXPECT_EQ(read, 4U);
      const auto written = co_await splice_bytes(pipe.reader(), out, 100, {.to = 2});
      EXPECT_EQ(written, 4U);
    }
  });
  EXPECT_EQ(content_of(to), "ab3456ghij");
}

TEST(splice, goes_on_at_the_current_position_up_to_the_end) {
  const temp_dir dir;
  const auto from = dir.make("from", "0123456789");
  const pipe_pair pipe;
  run([&]() -> task<> {
    const file in = co_await open_to_write(from);
    const auto first = co_await splice_bytes(in, pipe.writer(), 7);
    EXPECT_EQ(first, 7U);
    const auto rest = co_await splice_bytes(in, pipe.writer(), 7);
    EXPECT_EQ(rest, 3U);
    const auto end = co_await splice_bytes(in, pipe.writer(), 7);
    EXPECT_EQ(end, 0U);
  });
  EXPECT_EQ(pipe.take(), "0123456789");
}

TEST(splice, tee_leaves_what_it_copies) {
  const pipe_pair from;
  const pipe_pair to;
  from.put("twice");
  run([&]() -> task<> {
    const auto copied = co_await tee_bytes(from.reader(), to.writer(), 100);
    EXPECT_EQ(copied, 5U);
  });
  EXPECT_EQ(to.take(), "twice");
  EXPECT_EQ(from.take(), "twice");
}

TEST(splice, a_connection_goes_to_another_one) {
  run([]() -> task<> {
    auto [a, a_peer] = unix_stream::pair().value();
    auto [b, b_peer] = unix_stream::pair().value();
    const pipe_pair pipe;
    const auto sent = co_await a.write(chars_of("through"));
    EXPECT_EQ(sent.res, 7U);
    const auto in = co_await splice_bytes(a_peer, pipe.writer(), 100);
    EXPECT_EQ(in, 7U);
    const auto out = co_await splice_bytes(pipe.reader(), b, 100);
    EXPECT_EQ(out, 7U);
    const auto got = co_await b_peer.read(std::vector<char>(100));
    EXPECT_EQ(got.res, 7U);
  });
}

TEST(splice, what_it_is_not_made_for_is_a_named_error) {
  const temp_dir dir;
  const auto path = dir.make("file", "0123456789");
  const pipe_pair pipe;
  run([&]() -> task<> {
    const file f = co_await open_to_write(path);
    const auto no_pipe = co_await splice_bytes(f, f, 4, {.from = 0, .to = 5});
    EXPECT_EQ(error_of(no_pipe), std::errc::invalid_argument);
    pipe.put("x");
    const auto no_offsets = co_await splice_bytes(pipe.reader(), f, 1, {.from = 1});
    EXPECT_EQ(error_of(no_offsets), std::errc::invalid_seek);
    const auto no_offset = co_await splice_bytes(f, pipe.writer(), 1, {.from = ~std::uint64_t{0}});
    EXPECT_EQ(error_of(no_offset), std::errc::invalid_argument);
    file closed = f;
    const auto done = co_await std::move(closed).close();
    EXPECT_TRUE(done);
    const auto of_closed = co_await splice_bytes(f, pipe.writer(), 1);
    EXPECT_EQ(error_of(of_closed), std::errc::bad_file_descriptor);
    const auto to_closed = co_await splice_bytes(pipe.reader(), f, 1);
    EXPECT_EQ(error_of(to_closed), std::errc::bad_file_descriptor);
  });
  EXPECT_EQ(pipe.take(), "x");
}

TEST(splice, of_no_bytes_looks_at_neither_end) {
  const temp_dir dir;
  const auto path = dir.make("file", "0123456789");
  const pipe_pair pipe;
  run([&]() -> task<> {
    const auto nothing = co_await splice_bytes(pipe.reader(), pipe.writer(), 0);
    EXPECT_EQ(nothing, 0U);
    const file f = co_await open_to_write(path);
    const auto no_pipes = co_await splice_bytes(f, f, 0);
    EXPECT_EQ(no_pipes, 0U);
  });
}

TEST(splice, a_tee_wants_two_pipes) {
  const temp_dir dir;
  const auto path = dir.make("file", "0123456789");
  const pipe_pair pipe;
  run([&]() -> task<> {
    const file f = co_await open_to_write(path);
    const auto from_file = co_await tee_bytes(f, pipe.writer(), 4);
    EXPECT_EQ(error_of(from_file), std::errc::invalid_argument);
    pipe.put("x");
    const auto to_file = co_await tee_bytes(pipe.reader(), f, 1);
    EXPECT_EQ(error_of(to_file), std::errc::invalid_argument);
  });
}

TEST(splice, does_not_wait_for_a_pipe_that_is_not_to) {
  const pipe_pair from;
  const pipe_pair to;
  run([&]() -> task<> {
    const file in = from.reader();
    EXPECT_EQ(fcntl(in.fd(), F_SETFL, O_NONBLOCK), 0);
    const auto moved = co_await splice_bytes(in, to.writer(), 4);
    EXPECT_EQ(error_of(moved), std::errc::resource_unavailable_try_again);
    const auto copied = co_await tee_bytes(in, to.writer(), 4);
    EXPECT_EQ(error_of(copied), std::errc::resource_unavailable_try_again);
    from.put("four");
    const auto there = co_await splice_bytes(in, to.writer(), 4);
    EXPECT_EQ(there, 4U);
  });
  EXPECT_EQ(to.take(), "four");
}

TEST(splice, into_a_pipe_that_nobody_reads_is_an_error_and_no_signal) {
  const temp_dir dir;
  const auto path = dir.make("file", "0123456789");
  run([&]() -> task<> {
    const file f = co_await open_to_write(path);
    const file end = [] {
      const pipe_pair pipe;
      return pipe.writer();
    }();
    const auto broken = co_await splice_bytes(f, end, 4, {.from = 0});
    EXPECT_EQ(error_of(broken), std::errc::broken_pipe);
  });
}

TEST(splice, one_that_waits_is_stopped_and_takes_no_byte) {
  const pipe_pair from;
  const pipe_pair to;
  run([&]() -> task<> {
    const file in = from.reader();
    const auto late =
        co_await timeout(std::chrono::milliseconds(1), splice_bytes(in, to.writer(), 4));
    EXPECT_EQ(error_of(late), errc::timed_out);
    from.put("for the next one");
    const auto next = co_await in.read(room());
    EXPECT_EQ(next.res, 16U);
  });
  EXPECT_EQ(to.take(), "");
}

task<> splice_once(file in, file out) {
  (void)co_await splice_bytes(in, out, 4);
  ADD_FAILURE() << "a splice that was to be aborted went on";
}

TEST(splice, one_that_is_destroyed_as_it_waits_takes_no_byte_and_holds_no_file) {
  const pipe_pair from;
  const pipe_pair to;
  run([&]() -> task<> {
    file in = from.reader();
    file out = to.writer();
    auto waiting = spawn(splice_once(in, out));
    co_await until_submitted();
    waiting.abort();
    const auto closed = co_await std::move(out).close();
    EXPECT_TRUE(closed);
    const auto closed_too = co_await std::move(in).close();
    EXPECT_TRUE(closed_too);
  });
  from.put("for the next one");
  EXPECT_EQ(from.take(), "for the next one");
  EXPECT_EQ(to.take(), "");
}

TEST(splice, closing_either_file_waits_for_it) {
  for (const bool second : {false, true}) {
    const pipe_pair from;
    const pipe_pair to;
    run([&]() -> task<> {
      file in = from.reader();
      file out = to.writer();
      auto moving = spawn([](file a, file b) -> task<> {
        const auto moved = co_await splice_bytes(a, b, 4);
        EXPECT_EQ(moved, 4U);
      }(in, out));
      co_await until_submitted();
      auto closing = spawn([](file f) -> task<> {
        const auto closed = co_await std::move(f).close();
        EXPECT_TRUE(closed);
      }(std::move(second ? out : in)));
      co_await until_submitted();
      EXPECT_FALSE(closing.done());
      from.put("four");
      co_await std::move(closing);
      co_await std::move(moving);
    });
    EXPECT_EQ(to.take(), "four");
  }
}

TEST(splice, closing_the_socket_that_bytes_go_to_stops_it) {
  const pipe_pair silent;
  run([&]() -> task<> {
    auto [here, there] = unix_stream::pair().value();
    auto moving = spawn([](file from, unix_stream to) -> task<> {
      const auto moved = co_await splice_bytes(from, to, 4);
      EXPECT_EQ(error_of(moved), errc::canceled);
    }(silent.reader(), here));
    co_await until_submitted();
    const auto closed = co_await std::move(here).close();
    EXPECT_TRUE(closed);
    co_await std::move(moving);
  });
}

TEST(splice, two_that_are_linked_copy_a_file) {
  const temp_dir dir;
  const auto from = dir.make("from", "0123456789");
  run([&]() -> task<> {
    const pipe_pair pipe;
    const file in = co_await open_to_write(from);
    const file out = co_await open_to_write(dir.path() / "to");
    const auto [read, written] = co_await linked(splice_bytes(in, pipe.writer(), 10, {.from = 0}),
                                                 splice_bytes(pipe.reader(), out, 10, {.to = 0}));
    EXPECT_EQ(read, 10U);
    EXPECT_EQ(written, 10U);
    const auto [short_one, never] =
        co_await linked(splice_bytes(in, pipe.writer(), 11, {.from = 0}),
                        splice_bytes(pipe.reader(), out, 11, {.to = 0}));
    EXPECT_EQ(short_one, 10U);
    EXPECT_EQ(error_of(never), errc::chain_broken);
  });
  EXPECT_EQ(content_of(dir.path() / "to"), "0123456789");
}

}  // namespace
}  // namespace carousel
