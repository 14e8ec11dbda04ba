#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <utility>
#include <vector>

#include "support/content.hpp"
#include "support/ends_soon.hpp"
#include "support/in_flight.hpp"
#include "support/open_both.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/small.hpp"
#include "support/submitted.hpp"
#include "support/temp_dir.hpp"

// Files and sockets of the members of a chain are closed while it goes on.

namespace carousel {
namespace {

using test::chars_of;
using test::ends_soon;
using test::error_of;
using test::open_new;
using test::pipe_pair;
using test::run;
using test::submitted;
using test::temp_dir;
using test::until_submitted;

/// Whether closing it ends while nobody does anything else.
task<bool> can_be_closed(file f) {
  auto closing = spawn([](file closed) -> task<> {
    const auto done = co_await std::move(closed).close();
    EXPECT_TRUE(done);
  }(std::move(f)));
  const bool done = co_await ends_soon(closing);
  std::move(closing).detach();
  co_return done;
}

TEST(linked_files, closing_one_does_not_wait_for_members_on_others) {
  const pipe_pair first;
  const pipe_pair second;
  run([&]() -> task<> {
    const file early = first.reader();
    auto reader = spawn([](file a, file b) -> task<> {
      auto [one, other] =
          co_await linked(a.read(std::vector<char>(2)), b.read(std::vector<char>(2)));
      EXPECT_EQ(one.res, 2U);
      EXPECT_EQ(other.res, 2U);
    }(early, second.reader()));
    co_await until_submitted();
    first.put("ab");
    co_await until_submitted();
    const bool closed = co_await can_be_closed(early);
    EXPECT_TRUE(closed);
    EXPECT_FALSE(reader.done());
    second.put("cd");
    co_await std::move(reader);
  });
}

TEST(linked_files, both_ends_of_a_splice_that_has_ended_may_be_closed) {
  const temp_dir dir;
  (void)dir.make("file", "four");
  const pipe_pair pipe;
  const pipe_pair other;
  run([&]() -> task<> {
    const file from = co_await open_new(dir.path() / "file");
    const file to = pipe.writer();
    auto mover = spawn([](file source, file sink, file silent) -> task<> {
      auto [moved, read] = co_await linked(splice_bytes(source, sink, 4, {.from = 0}),
                                           silent.read(std::vector<char>(2)));
      EXPECT_EQ(moved, 4U);
      EXPECT_EQ(read.res, 2U);
    }(from, to, other.reader()));
    while (pipe.waiting() != 4) co_await sleep_for(std::chrono::milliseconds(1));
    const bool one_closed = co_await can_be_closed(from);
    const bool other_closed = co_await can_be_closed(to);
    EXPECT_TRUE(one_closed);
    EXPECT_TRUE(other_closed);
    EXPECT_FALSE(mover.done());
    other.put("ab");
    co_await std::move(mover);
  });
}

TEST(linked_files, a_chain_may_be_destroyed_when_a_file_of_it_was_closed) {
  const pipe_pair first;
  const pipe_pair second;
  run([&]() -> task<> {
    const file early = first.reader();
    auto reader = spawn([](file a, file b) -> task<> {
      (void)co_await linked(a.read(std::vector<char>(2)), b.read(std::vector<char>(2)));
    }(early, second.reader()));
    first.put("ab");
    co_await until_submitted();
    co_await until_submitted();
    const bool closed = co_await can_be_closed(early);
    EXPECT_TRUE(closed);
    reader.abort();
  });
}

TEST(linked_files, a_socket_that_is_closed_before_the_submission_breaks_the_chain_for_others) {
  const temp_dir dir;
  run([&]() -> task<> {
    const file f = co_await open_new(dir.path() / "file");
    auto [mine, peer] = unix_stream::pair().value();
    auto writer = spawn([](file to, unix_stream socket) -> task<> {
      auto [before, on_it, again, behind] =
          co_await linked(to.write_at(chars_of("a"), 0), socket.write(chars_of("b")),
                          socket.write(chars_of("c")), to.write_at(chars_of("d"), 1));
      EXPECT_EQ(error_of(before.res), errc::chain_broken);
      EXPECT_EQ(before.buf, chars_of("a"));
      EXPECT_EQ(error_of(on_it.res), errc::canceled);
      EXPECT_EQ(error_of(again.res), errc::canceled);
      EXPECT_EQ(error_of(behind.res), errc::chain_broken);
    }(f, mine));
    const auto before = submitted();
    co_await yield();
    EXPECT_EQ(submitted() - before, 4U);
    const auto closed = co_await std::move(mine).close();
    EXPECT_TRUE(closed);
    co_await std::move(writer);
  });
  EXPECT_EQ(test::content_of(dir.path() / "file"), "");
}

TEST(linked_files, a_socket_is_closed_although_what_runs_before_its_member_waits_for_ever) {
  const pipe_pair silent;
  run([&]() -> task<> {
    auto [mine, peer] = unix_stream::pair().value();
    auto passing = spawn([](file from, unix_stream to) -> task<> {
      auto [got, other, put, behind] =
          co_await linked(from.read(std::vector<char>(4)), from.read(std::vector<char>(4)),
                          to.write(chars_of("b")), from.read(std::vector<char>(4)));
      EXPECT_EQ(error_of(got.res), errc::canceled);
      EXPECT_EQ(error_of(other.res), errc::chain_broken);
      EXPECT_EQ(error_of(put.res), errc::canceled);
      EXPECT_EQ(put.buf, chars_of("b"));
      EXPECT_EQ(error_of(behind.res), errc::chain_broken);
    }(silent.reader(), mine));
    co_await until_submitted();
    auto closing = spawn([](unix_stream closed) -> task<> {
      const auto done = co_await std::move(closed).close();
      EXPECT_TRUE(done);
    }(std::move(mine)));
    EXPECT_TRUE(co_await ends_soon(closing));
    if (!closing.done()) silent.put("fourfourfour");
    co_await std::move(closing);
    co_await std::move(passing);
    const auto rest = co_await peer.read(std::vector<char>(4));
    EXPECT_EQ(rest.res, 0U);
  });
}

}  // namespace
}  // namespace carousel
