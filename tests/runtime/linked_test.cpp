#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <utility>
#include <vector>

#include "support/content.hpp"
#include "support/in_flight.hpp"
#include "support/make_runtime.hpp"
#include "support/open_both.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/small.hpp"
#include "support/submitted.hpp"
#include "support/temp_dir.hpp"

// Operations that are linked begin one after the other, and end like any others.

namespace carousel {
namespace {

using test::chars_of;
using test::content_of;
using test::error_of;
using test::open_new;
using test::pipe_pair;
using test::room;
using test::run;
using test::small;
using test::submitted;
using test::temp_dir;
using test::until_submitted;

TEST(linked, one_that_the_kernel_refuses_as_it_takes_the_chain_keeps_the_first_from_starting) {
  if (test::on_fake_kernel()) GTEST_SKIP() << "that one refuses none as it takes a chain";
  const temp_dir dir;
  run([&]() -> task<> {
    const file f = co_await open_new(dir.path() / "file");
    auto [written, removed] = co_await linked(f.write_at(chars_of("x"), 0), file::remove(""));
    EXPECT_EQ(error_of(written.res), errc::chain_broken);
    EXPECT_EQ(written.buf, chars_of("x"));
    EXPECT_EQ(error_of(removed), std::errc::no_such_file_or_directory);
  });
  EXPECT_EQ(content_of(dir.path() / "file"), "");
}

TEST(linked, gives_the_result_of_each_in_order) {
  const temp_dir dir;
  run([&]() -> task<> {
    const file f = co_await open_new(dir.path() / "file");
    const auto before = submitted();
    auto [written, read, synced] =
        co_await linked(f.write_at(chars_of("record"), 0),
                        f.read_at(owned_bytes::with_capacity(6), 0), f.sync_data());
    EXPECT_EQ(written.res, 6U);
    EXPECT_EQ(written.buf, chars_of("record"));
    EXPECT_EQ(read.res, 6U);
    EXPECT_EQ(read.buf.size(), 6U);
    EXPECT_TRUE(synced);
    EXPECT_EQ(submitted() - before, 3U);
  });
  EXPECT_EQ(content_of(dir.path() / "file"), "record");
}

TEST(linked, one_that_waits_keeps_those_behind_it_from_starting) {
  const pipe_pair from;
  const pipe_pair to;
  run([&]() -> task<> {
    auto passing = spawn([](file in, file out) -> task<> {
      auto [got, put] = co_await linked(in.read(std::vector<char>(4)), out.write(chars_of("x")));
      EXPECT_EQ(got.res, 4U);
      EXPECT_EQ(put.res, 1U);
    }(from.reader(), to.writer()));
    co_await until_submitted();
    EXPECT_EQ(to.take(), "");
    from.put("four");
    co_await std::move(passing);
    EXPECT_EQ(to.take(), "x");
  });
}

TEST(linked, what_is_short_breaks_the_chain_and_every_buffer_comes_back) {
  const temp_dir dir;
  (void)dir.make("file", "four");
  run([&]() -> task<> {
    const file f = co_await open_new(dir.path() / "file");
    auto [read, written, synced] = co_await linked(f.read_at(std::vector<char>(5), 0),
                                                   f.write_at(chars_of("never"), 0), f.sync_all());
    EXPECT_EQ(read.res, 4U);
    EXPECT_EQ(error_of(written.res), errc::chain_broken);
    EXPECT_EQ(written.buf, chars_of("never"));
    EXPECT_EQ(error_of(synced), errc::chain_broken);
  });
  EXPECT_EQ(content_of(dir.path() / "file"), "four");
}

TEST(linked, an_error_breaks_the_chain_and_what_went_before_stands) {
  const temp_dir dir;
  run([&]() -> task<> {
    const file f = co_await open_new(dir.path() / "file");
    const file only_read = (co_await file::open(dir.path() / "file")).value();
    auto [first, failed, last] =
        co_await linked(f.write_at(chars_of("kept"), 0), only_read.write_at(chars_of("x"), 0),
                        f.write_at(chars_of("never"), 0));
    EXPECT_EQ(first.res, 4U);
    EXPECT_EQ(error_of(failed.res), std::errc::bad_file_descriptor);
    EXPECT_EQ(error_of(last.res), errc::chain_broken);
    EXPECT_EQ(last.buf, chars_of("never"));
  });
  EXPECT_EQ(content_of(dir.path() / "file"), "kept");
}

TEST(linked, a_member_that_is_refused_leaves_all_unstarted) {
  const temp_dir dir;
  run([&]() -> task<> {
    const file f = co_await open_new(dir.path() / "file");
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    const auto before = submitted();
    auto [first, refused] = co_await linked(f.write_at(chars_of("never"), 0),
                                            f.read_fixed_at(pool.try_next(small).value(), 0));
    EXPECT_EQ(error_of(first.res), errc::chain_broken);
    EXPECT_EQ(first.buf, chars_of("never"));
    EXPECT_EQ(error_of(refused.res), errc::not_registered);
    EXPECT_EQ(refused.buf.capacity(), small);
    EXPECT_EQ(submitted(), before);
  });
  EXPECT_EQ(content_of(dir.path() / "file"), "");
}

TEST(linked, more_buffers_than_one_request_moves_are_refused_before_others_and_taken_last) {
  const temp_dir dir;
  run([&]() -> task<> {
    const file f = co_await open_new(dir.path() / "file");
    const std::vector<std::vector<char>> many(1025, chars_of("a"));
    auto [refused, never] = co_await linked(f.writev_at(many, 0), f.sync_data());
    EXPECT_EQ(error_of(refused.res), std::errc::invalid_argument);
    EXPECT_EQ(refused.buf.size(), 1025U);
    EXPECT_EQ(error_of(never), errc::chain_broken);
    auto [first, last] = co_await linked(f.write_at(chars_of("b"), 0), f.writev_at(many, 1));
    EXPECT_EQ(first.res, 1U);
    EXPECT_EQ(last.res, 1024U);
  });
}

TEST(linked, a_chain_longer_than_the_ring_is_refused) {
  run(
      []() -> task<> {
        const file zero = (co_await file::open("/dev/zero")).value();
        auto [a, b, c] = co_await linked(zero.read_at(room(), 0), zero.read_at(room(), 0),
                                         zero.read_at(room(), 0));
        EXPECT_EQ(error_of(a.res), std::errc::argument_list_too_long);
        EXPECT_EQ(error_of(c.res), std::errc::argument_list_too_long);
        EXPECT_EQ(c.buf.capacity(), small);
        auto [d, e] = co_await linked(zero.read_at(room(), 0), zero.read_at(room(), 0));
        EXPECT_EQ(d.res, small);
        EXPECT_EQ(e.res, small);
      },
      {.entries = 2});
}

task<std::size_t> read_twice(file from, std::size_t many) {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < many; ++i) {
    auto [a, b] = co_await linked(from.read_at(room(), 0), from.read_at(room(), 0));
    sum += a.res.value_or(0) + b.res.value_or(0);
  }
  co_return sum;
}

TEST(linked, chains_and_single_operations_find_room_in_a_small_ring) {
  for (const unsigned entries : {2U, 4U}) {
    run(
        []() -> task<> {
          const file zero = (co_await file::open("/dev/zero")).value();
          std::vector<join_handle<std::size_t>> all;
          for (int i = 0; i < 100; ++i) {
            all.push_back(spawn(read_twice(zero, 3)));
            all.push_back(spawn([](file from) -> task<std::size_t> {
              co_return (co_await from.read_at(room(), 0)).res.value_or(0);
            }(zero)));
          }
          std::size_t sum = 0;
          for (auto& each : all) sum += co_await std::move(each);
          EXPECT_EQ(sum, std::size_t{100} * 7 * small);
        },
        {.entries = entries});
  }
}

task<std::size_t> read_once(file from) { co_return (co_await from.read(room())).res.value_or(0); }

TEST(linked, a_chain_in_line_is_not_overtaken_by_what_needs_less) {
  run(
      []() -> task<> {
        const file zero = (co_await file::open("/dev/zero")).value();
        const auto before = submitted();
        auto first = spawn(read_once(zero));
        auto chain = spawn(read_twice(zero, 1));
        auto last = spawn(read_once(zero));
        co_await yield();
        EXPECT_EQ(submitted() - before, 1U);
        std::size_t sum = co_await std::move(first);
        sum += co_await std::move(chain);
        sum += co_await std::move(last);
        EXPECT_EQ(sum, 4 * small);
      },
      {.entries = 2});
}

TEST(linked, closing_a_file_waits_for_the_chains_on_it) {
  const pipe_pair pipe;
  run([&]() -> task<> {
    file end = pipe.reader();
    auto reader = spawn([](file from) -> task<> {
      auto [a, b] =
          co_await linked(from.read(std::vector<char>(2)), from.read(std::vector<char>(2)));
      EXPECT_EQ(a.res, 2U);
      EXPECT_EQ(b.res, 2U);
    }(end));
    co_await until_submitted();
    auto closing = spawn([](file f) -> task<> {
      const auto closed = co_await std::move(f).close();
      EXPECT_TRUE(closed);
    }(std::move(end)));
    co_await until_submitted();
    pipe.put("ab");
    co_await until_submitted();
    EXPECT_FALSE(closing.done());
    pipe.put("cd");
    co_await std::move(closing);
    EXPECT_TRUE(reader.done());
  });
}

TEST(linked, writes_of_a_connection_keep_their_order) {
  run([]() -> task<> {
    auto [mine, peer] = unix_stream::pair().value();
    auto [a, b] = co_await linked(mine.write(chars_of("first ")), mine.write(chars_of("second")));
    EXPECT_EQ(a.res, 6U);
    EXPECT_EQ(b.res, 6U);
    auto [sent, got] =
        co_await linked(mine.write(chars_of("!")), peer.read(std::vector<char>(small)));
    EXPECT_EQ(sent.res, 1U);
    EXPECT_EQ(got.res, 13U);
  });
}

}  // namespace
}  // namespace carousel
