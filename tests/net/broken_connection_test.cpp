#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "fake/kernel.hpp"
#include "loop/runtime_access.hpp"
#include "support/content.hpp"
#include "support/run.hpp"
#include "support/stream_ends.hpp"

// A connection that breaks says so to every operation, though the kernel says it once, and never
// looks like one that has ended.

namespace carousel {
namespace {

using test::chars_of;
using test::connect_both;
using test::error_of;
using test::pattern;
using test::read_all;
using test::read_text;
using test::run;

constexpr std::size_t more_than_fits = std::size_t{8} << 20U;

task<std::error_code> reads(tcp_stream from) {
  const auto r = co_await from.read(std::vector<char>(4));
  co_return error_of(r.res);
}

task<std::error_code> writes(tcp_stream to, std::size_t bytes = 4) {
  const auto r = co_await to.write_all(std::vector<char>(bytes));
  co_return error_of(r.res);
}

/// All that is said of it from now on.
task<> expect_broken(tcp_stream stream) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(co_await reads(stream), std::errc::connection_reset);
    EXPECT_EQ(co_await writes(stream), std::errc::connection_reset);
  }
  const auto exact = co_await stream.read_exact(std::vector<char>(4));
  EXPECT_EQ(error_of(exact.res), std::errc::connection_reset);
  const auto vector = co_await stream.readv(std::vector<std::vector<char>>(2, chars_of("four")));
  EXPECT_EQ(error_of(vector.res), std::errc::connection_reset);
  const auto nothing = co_await stream.read(std::vector<char>());
  EXPECT_EQ(nothing.res, 0U);
}

TEST(broken_connection, a_reader_that_waits_hears_of_it_and_so_do_all_after_it) {
  run([]() -> task<> {
    auto ends = co_await connect_both<tcp_stream>();
    auto reading = spawn(reads(ends.here));
    co_await yield();
    co_await test::reset(std::move(ends.there));
    EXPECT_EQ(co_await std::move(reading), std::errc::connection_reset);
    co_await expect_broken(ends.here);
  });
}

TEST(broken_connection, what_a_writer_was_told_first_the_reader_hears_too) {
  run([]() -> task<> {
    auto ends = co_await connect_both<tcp_stream>();
    co_await test::reset(std::move(ends.there));
    std::error_code told;
    while (!told) told = co_await writes(ends.here);  // the reset may be on its way
    EXPECT_EQ(told, std::errc::connection_reset);
    co_await expect_broken(ends.here);
  });
}

TEST(broken_connection, a_write_that_it_cut_short_is_remembered) {
  run([]() -> task<> {
    auto ends = co_await connect_both<tcp_stream>();
    auto writing = spawn([](tcp_stream to) -> task<std::size_t> {
      const auto r = co_await to.write(pattern(more_than_fits));
      co_return r.res.value_or(more_than_fits);
    }(ends.here));
    for (int turns = 0; turns < 5; ++turns) co_await yield();
    co_await test::reset(std::move(ends.there));
    EXPECT_LT(co_await std::move(writing), more_than_fits);
    co_await expect_broken(ends.here);
  });
}

TEST(broken_connection, to_write_all_is_no_success_when_it_was_cut_short) {
  run([]() -> task<> {
    auto ends = co_await connect_both<tcp_stream>();
    auto writing = spawn(writes(ends.here, more_than_fits));
    for (int turns = 0; turns < 5; ++turns) co_await yield();
    co_await test::reset(std::move(ends.there));
    EXPECT_EQ(co_await std::move(writing), std::errc::connection_reset);
    co_await expect_broken(ends.here);
  });
}

TEST(broken_connection, bytes_that_came_before_are_read_first) {
  run([]() -> task<> {
    auto ends = co_await connect_both<tcp_stream>();
    const auto sent = co_await ends.there.write_all(chars_of("last words"));
    EXPECT_TRUE(sent.res);
    EXPECT_EQ(co_await read_text(ends.here, 4), "last");
    // A reset takes with it what nobody has read yet.
    co_await test::reset(std::move(ends.there));
    const auto rest = co_await read_text(ends.here);
    if (rest) {
      EXPECT_EQ(*rest, " words");
    }
    for (std::error_code error; !error;) error = co_await reads(ends.here);
    co_await expect_broken(ends.here);
  });
}

TEST(broken_connection, one_that_was_reset_in_the_backlog_is_accepted_and_says_so) {
  run([]() -> task<> {
    const auto listener = test::connections<tcp_stream>::listener();
    auto client = co_await test::connect_to<tcp_stream>(listener);
    co_await test::reset(std::move(client).value());
    const auto accepted = co_await listener.accept();
    EXPECT_EQ(co_await reads(accepted.value()), std::errc::connection_reset);
    co_await expect_broken(accepted.value());
  });
}

TEST(broken_connection, one_that_the_peer_has_ended_is_not_broken) {
  run([]() -> task<> {
    auto ends = co_await connect_both<tcp_stream>();
    const result<> closed = co_await std::move(ends.there).close();
    EXPECT_TRUE(closed);
    EXPECT_EQ(co_await read_text(ends.here), "");
    // The first write makes the peer say that it is gone, the second one is told.
    for (std::error_code error; !error;) error = co_await writes(ends.here);
    EXPECT_EQ(co_await writes(ends.here), std::errc::broken_pipe);
    EXPECT_EQ(co_await read_text(ends.here), "");
  });
}

TEST(broken_connection, one_that_this_side_has_ended_is_not_broken) {
  run([]() -> task<> {
    auto ends = co_await connect_both<tcp_stream>();
    const result<> ended = co_await ends.here.shutdown(shut::both);
    EXPECT_TRUE(ended);
    EXPECT_EQ(co_await writes(ends.here), std::errc::broken_pipe);
    EXPECT_EQ(co_await read_text(ends.here), "");
  });
}

TEST(broken_connection, of_a_unix_socket_is_told_as_well) {
  run([]() -> task<> {
    auto ends = unix_stream::pair().value();
    const auto sent = co_await ends.first.write_all(chars_of("never read"));
    EXPECT_TRUE(sent.res);
    const result<> closed = co_await std::move(ends.second).close();
    EXPECT_TRUE(closed);
    for (int i = 0; i < 3; ++i) {
      const auto r = co_await ends.first.read(std::vector<char>(4));
      EXPECT_EQ(error_of(r.res), std::errc::connection_reset);
    }
    const auto written = co_await ends.first.write_all(chars_of("more"));
    EXPECT_EQ(error_of(written.res), std::errc::connection_reset);
  });
}

/// On a kernel that resets connections whenever it likes.
TEST(broken_connection, never_looks_like_one_that_has_ended) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    fake::kernel_options options = fake::kernel_options::benign(seed);
    options.resets = 20;
    options.untold = seed % 3 == 0 ? 300 : 0;
    auto rt =
        detail::runtime_access::make(std::make_unique<fake::kernel>(options), runtime_options{})
            .value();
    rt.block_on([]() -> task<> {
      constexpr std::size_t total = 200'000;
      auto ends = co_await connect_both<tcp_stream>();
      auto writing = spawn([](tcp_stream to) -> task<std::error_code> {
        const auto r = co_await to.write_all(pattern(total));
        const result<> ended = co_await to.shutdown(shut::write);
        co_return error_of(r.res) ? error_of(r.res) : error_of(ended);
      }(std::move(ends.here)));
      const auto got = co_await read_all(ends.there);
      const std::error_code sent = co_await std::move(writing);
      // The writer's break ends the reader's connection by its own rules: nothing more can be said.
      if (got && sent == std::error_code{}) {
        EXPECT_TRUE(*got == pattern(total));
      } else if (!got) {
        EXPECT_EQ(got.error(), std::errc::connection_reset);
        co_await expect_broken(ends.there);
      }
    }());
  }
}

}  // namespace
}  // namespace carousel
