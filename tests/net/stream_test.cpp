#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/bytes.hpp"
#include "support/content.hpp"
#include "support/open_fds.hpp"
#include "support/run.hpp"
#include "support/stream_ends.hpp"
#include "support/typed_streams.hpp"

// What all streams do alike: TCP and Unix.

namespace carousel {
namespace {

using std::chrono::milliseconds;
using test::chars_of;
using test::connect_both;
using test::error_of;
using test::much;
using test::open_fds;
using test::owned;
using test::pattern;
using test::read_all;
using test::read_text;
using test::run;
using test::text_of;
using test::write_it;

template <class Stream>
class stream : public testing::Test {};

TYPED_TEST_SUITE(stream, test::stream_types, test::stream_names);

/// Writes it and ends the writing.
template <class Stream>
task<std::error_code> write_and_end(Stream to, std::vector<char> bytes) {
  const std::error_code error = co_await write_it(to, std::move(bytes));
  const result<> ended = co_await to.shutdown(shut::write);
  EXPECT_TRUE(ended);
  co_return error;
}

TYPED_TEST(stream, what_one_end_writes_the_other_reads) {
  run([]() -> task<> {
    const auto ends = co_await connect_both<TypeParam>();
    for (int i = 0; i < 40; ++i) {  // into the file table, too
      const auto written = co_await ends.here.write(chars_of("ping"));
      EXPECT_EQ(written.res, 4U);
      EXPECT_EQ(co_await read_text(ends.there), "ping");
      EXPECT_EQ(co_await write_it(ends.there, chars_of("pong")), std::error_code{});
      EXPECT_EQ(co_await read_text(ends.here), "pong");
    }
  });
}

TYPED_TEST(stream, a_read_takes_what_is_there_and_says_how_much) {
  run([]() -> task<> {
    const auto ends = co_await connect_both<TypeParam>();
    EXPECT_EQ(co_await write_it(ends.there, chars_of("abcdef")), std::error_code{});
    auto r = co_await ends.here.read(owned("old bytes", 64));
    EXPECT_EQ(r.res, 6U);
    EXPECT_EQ(text_of(r.buf.bytes()), "abcdef");
    EXPECT_EQ(co_await write_it(ends.there, chars_of("ghij")), std::error_code{});
    EXPECT_EQ(co_await read_text(ends.here, 2), "gh");
    EXPECT_EQ(co_await read_text(ends.here), "ij");
  });
}

TYPED_TEST(stream, an_exact_read_collects_pieces) {
  run([]() -> task<> {
    const auto ends = co_await connect_both<TypeParam>();
    auto reading = spawn([](TypeParam from) -> task<std::string> {
      const auto r = co_await from.read_exact(owned("", 10));
      EXPECT_TRUE(r.res);
      co_return std::string(text_of(r.buf.bytes()));
    }(ends.here));
    for (const char* piece : {"01", "234", "5", "6789", "next"}) {
      EXPECT_EQ(co_await write_it(ends.there, chars_of(piece)), std::error_code{});
      co_await yield();
    }
    EXPECT_EQ(co_await std::move(reading), "0123456789");
    EXPECT_EQ(co_await read_text(ends.here), "next");
  });
}

TYPED_TEST(stream, an_exact_read_says_what_came_before_the_end) {
  run([]() -> task<> {
    const auto ends = co_await connect_both<TypeParam>();
    EXPECT_EQ(co_await write_and_end(ends.there, chars_of("short")), std::error_code{});
    const auto r = co_await ends.here.read_exact(owned("", 10));
    EXPECT_EQ(error_of(r.res), errc::end_of_file);
    EXPECT_EQ(text_of(r.buf.bytes()), "short");
  });
}

TYPED_TEST(stream, a_write_is_whole_however_slow_the_reader_is) {
  run([]() -> task<> {
    const auto ends = co_await connect_both<TypeParam>();
    auto writing = spawn([](TypeParam to) -> task<std::size_t> {
      const auto r = co_await to.write(pattern(much));
      co_return r.res.value_or(0);
    }(ends.here));
    co_await yield();
    EXPECT_FALSE(writing.done());
    const auto got = co_await ends.there.read_exact(std::vector<char>(much));
    EXPECT_TRUE(got.res);
    EXPECT_TRUE(got.buf == pattern(much));
    EXPECT_EQ(co_await std::move(writing), much);
  });
}

TYPED_TEST(stream, all_is_written_and_read_to_the_end) {
  run([]() -> task<> {
    const auto ends = co_await connect_both<TypeParam>();
    auto writing = spawn(write_and_end(ends.here, pattern(much)));
    const auto got = co_await read_all(ends.there);
    EXPECT_TRUE(got.value() == pattern(much));
    EXPECT_EQ(co_await std::move(writing), std::error_code{});
  });
}

TYPED_TEST(stream, both_directions_are_full_at_once) {
  run([]() -> task<> {
    const auto ends = co_await connect_both<TypeParam>();
    auto one = spawn(write_and_end(ends.here, pattern(much)));
    auto other = spawn(write_and_end(ends.there, pattern(much)));
    auto reading = spawn(read_all(ends.here));
    const auto there = co_await read_all(ends.there);
    const auto here = co_await std::move(reading);
    EXPECT_TRUE(there.value() == pattern(much));
    EXPECT_TRUE(here.value() == pattern(much));
    EXPECT_EQ(co_await std::move(one), std::error_code{});
    EXPECT_EQ(co_await std::move(other), std::error_code{});
  });
}

TYPED_TEST(stream, several_buffers_go_in_turn) {
  run([]() -> task<> {
    const auto ends = co_await connect_both<TypeParam>();
    std::vector<std::vector<char>> parts = {chars_of("ab"), {}, chars_of("cde")};
    auto written = co_await ends.here.writev(std::move(parts));
    EXPECT_EQ(written.res, 5U);
    EXPECT_EQ(written.buf.size(), 3U);
    std::vector<owned_bytes> into;
    for (const std::size_t room : {1U, 3U, 4U}) into.push_back(owned("", room));
    const auto got = co_await ends.there.readv(std::move(into));
    EXPECT_EQ(got.res, 5U);
    EXPECT_EQ(text_of(got.buf[0].bytes()), "a");
    EXPECT_EQ(text_of(got.buf[1].bytes()), "bcd");
    EXPECT_EQ(text_of(got.buf[2].bytes()), "e");
  });
}

TYPED_TEST(stream, more_buffers_than_the_kernel_takes_are_all_written) {
  run([]() -> task<> {
    const auto ends = co_await connect_both<TypeParam>();
    const std::vector<char> all = pattern(std::size_t{3000} * 1000);
    std::vector<std::vector<char>> parts;
    for (std::size_t i = 0; i < all.size(); i += 1000)
      parts.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(i),
                         all.begin() + static_cast<std::ptrdiff_t>(i + 1000));
    auto writing = spawn([](TypeParam to, std::vector<std::vector<char>> bufs) -> task<> {
      const auto r = co_await to.writev_all(std::move(bufs));
      EXPECT_TRUE(r.res);
      EXPECT_EQ(r.buf.size(), 3000U);
      (void)co_await to.shutdown(shut::write);
    }(ends.here, std::move(parts)));
    const auto got = co_await read_all(ends.there);
    EXPECT_TRUE(got.value() == all);
    co_await std::move(writing);
  });
}

TYPED_TEST(stream, leases_are_written_and_read) {
  run([]() -> task<> {
    fixed_buf_pool pool = fixed_buf_pool::make({{4096, 3}}).value();
    const auto ends = co_await connect_both<TypeParam>();
    const auto early = co_await ends.here.write_fixed(pool.try_next(4096).value());
    EXPECT_EQ(error_of(early.res), errc::not_registered);
    EXPECT_TRUE(pool.register_buffers());
    auto out = pool.try_next(4096).value();
    out.append(test::bytes_of("from a lease"));
    auto sent = co_await ends.here.write_all_fixed(std::move(out));
    EXPECT_TRUE(sent.res);
    const auto got = co_await ends.there.read_fixed(pool.try_next(4096).value());
    EXPECT_EQ(got.res, 12U);
    EXPECT_EQ(text_of(got.buf.bytes()), "from a lease");
    const auto back = co_await ends.there.write(std::move(sent.buf));
    EXPECT_EQ(back.res, 12U);
    EXPECT_EQ(co_await read_text(ends.here), "from a lease");
  });
}

TYPED_TEST(stream, nothing_is_moved_without_waiting) {
  run([]() -> task<> {
    const auto ends = co_await connect_both<TypeParam>();
    const auto read = co_await ends.here.read(std::vector<char>());
    EXPECT_EQ(read.res, 0U);
    const auto written = co_await ends.here.write(std::vector<char>());
    EXPECT_EQ(written.res, 0U);
    const auto exact = co_await ends.here.read_exact(std::vector<char>());
    EXPECT_TRUE(exact.res);
    const auto readv = co_await ends.here.readv(std::vector<std::vector<char>>());
    EXPECT_EQ(readv.res, 0U);
    const auto writev = co_await ends.here.writev(std::vector<std::vector<char>>(3));
    EXPECT_EQ(writev.res, 0U);
    const auto all = co_await ends.here.writev_all(std::vector<std::vector<char>>(3));
    EXPECT_TRUE(all.res);
    EXPECT_EQ(co_await write_it(ends.there, chars_of("x")), std::error_code{});
    EXPECT_EQ(co_await read_text(ends.here), "x");
  });
}

TYPED_TEST(stream, one_direction_ends_and_the_other_goes_on) {
  run([]() -> task<> {
    const auto ends = co_await connect_both<TypeParam>();
    EXPECT_EQ(co_await write_and_end(ends.here, chars_of("question")), std::error_code{});
    EXPECT_EQ(co_await read_text(ends.there), "question");
    EXPECT_EQ(co_await read_text(ends.there), "");
    EXPECT_EQ(co_await read_text(ends.there), "");
    EXPECT_EQ(co_await write_it(ends.there, chars_of("answer")), std::error_code{});
    EXPECT_EQ(co_await read_text(ends.here), "answer");
    EXPECT_EQ(co_await write_it(ends.here, chars_of("more")), std::errc::broken_pipe);
  });
}

TYPED_TEST(stream, a_shutdown_ends_the_reads_that_wait) {
  run([]() -> task<> {
    const auto ends = co_await connect_both<TypeParam>();
    auto reading = spawn(read_text(ends.here));
    co_await yield();
    const result<> done = co_await ends.here.shutdown(shut::read);
    EXPECT_TRUE(done);
    EXPECT_EQ(co_await std::move(reading), "");
  });
}

TYPED_TEST(stream, halves_serve_two_tasks) {
  const std::size_t before = open_fds();
  run([]() -> task<> {
    auto ends = co_await connect_both<TypeParam>();
    auto echoing = spawn([](TypeParam whole) -> task<> {
      auto [in, out] = std::move(whole).split();
      for (;;) {
        auto got = co_await in.read(owned("", 64));
        if (got.res.value_or(0) == 0) break;
        const auto back = co_await out.write_all(std::move(got.buf));
        EXPECT_TRUE(back.res);
      }
      const result<> ended = co_await out.shutdown();
      EXPECT_TRUE(ended);
    }(std::move(ends.there)));
    auto [in, out] = std::move(ends.here).split();
    auto collecting = spawn(read_all(std::move(in)));
    for (const char* piece : {"one ", "two ", "three"}) {
      const auto sent = co_await out.write_all(chars_of(piece));
      EXPECT_TRUE(sent.res);
    }
    const result<> ended = co_await out.shutdown();
    EXPECT_TRUE(ended);
    const auto all = co_await std::move(collecting);
    EXPECT_EQ(all.value(), chars_of("one two three"));
    co_await std::move(echoing);
  });
  EXPECT_EQ(open_fds(), before);
}

TYPED_TEST(stream, the_peer_sees_the_end_when_both_halves_are_gone) {
  run([]() -> task<> {
    auto ends = co_await connect_both<TypeParam>();
    std::optional halves = std::move(ends.here).split();
    {
      const read_half gone = std::move(halves->first);
    }
    EXPECT_EQ(co_await write_it(ends.there, chars_of("x")), std::error_code{});
    halves.reset();
    const auto end = co_await read_text(ends.there);
    EXPECT_TRUE(!end || end->empty());  // a Unix socket tells of the unread byte
  });
}

TYPED_TEST(stream, a_reader_that_is_destroyed_leaves_the_bytes_to_the_next) {
  run([]() -> task<> {
    fixed_buf_pool pool = fixed_buf_pool::make({{64, 1}}).value();
    const auto ends = co_await connect_both<TypeParam>();
    auto reading = spawn([](TypeParam from, fixed_buf lease) -> task<> {
      (void)co_await from.read(std::move(lease));
    }(ends.here, pool.try_next(64).value()));
    co_await yield();
    reading.abort();
    auto again = co_await pool.next(64);  // when the kernel has let go
    EXPECT_EQ(co_await write_it(ends.there, chars_of("late")), std::error_code{});
    const auto got = co_await ends.here.read(std::move(again).value());
    EXPECT_EQ(text_of(got.buf.bytes()), "late");
  });
}

TYPED_TEST(stream, a_timeout_gives_the_buffer_back_and_loses_nothing) {
  run([]() -> task<> {
    const auto ends = co_await connect_both<TypeParam>();
    const auto nothing = co_await timeout(milliseconds(2), ends.here.read(std::vector<char>(8)));
    EXPECT_EQ(error_of(nothing.res), errc::timed_out);
    EXPECT_EQ(nothing.buf.size(), 8U);
    EXPECT_EQ(co_await write_it(ends.there, chars_of("data")), std::error_code{});
    EXPECT_EQ(co_await read_text(ends.here), "data");
  });
}

TYPED_TEST(stream, a_write_that_is_stopped_says_how_much_is_gone) {
  run([]() -> task<> {
    auto ends = co_await connect_both<TypeParam>();
    const auto sent = co_await timeout(milliseconds(2), ends.here.write(pattern(much)));
    EXPECT_TRUE(sent.res);
    EXPECT_GT(*sent.res, 0U);
    EXPECT_LT(*sent.res, much);
    // Nothing is broken.
    auto closing = spawn(write_and_end(ends.here, {}));
    const auto got = co_await read_all(ends.there);
    EXPECT_EQ(got.value().size(), *sent.res);
    EXPECT_EQ(co_await std::move(closing), std::error_code{});
    EXPECT_EQ(co_await write_and_end(ends.there, chars_of("end")), std::error_code{});
    EXPECT_EQ(co_await read_text(ends.here), "end");
    EXPECT_EQ(co_await read_text(ends.here), "");
  });
}

}  // namespace
}  // namespace carousel
