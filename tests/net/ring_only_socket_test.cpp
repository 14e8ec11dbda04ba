#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/bytes.hpp"
#include "support/content.hpp"
#include "support/no_more_descriptors.hpp"
#include "support/open_fds.hpp"
#include "support/outside_peer.hpp"
#include "support/run.hpp"
#include "support/small.hpp"
#include "support/stream_ends.hpp"
#include "support/typed_streams.hpp"

// Connections that are in the ring only: accept_options::ring_only, connect_options::ring_only.

namespace carousel {
namespace {

using test::chars_of;
using test::error_of;
using test::name_of;
using test::open_fds;
using test::outside_peer;
using test::read_all;
using test::read_text;
using test::run;
using test::small;
using test::text_of;
using test::write_it;

constexpr unsigned table_entries = 1024;
constexpr accept_options in_ring{.ring_only = true};

/// The fake kernel's table has descriptors of its own.
void expect_open_fds(std::size_t expected) {
  if (!test::on_fake_kernel()) {
    EXPECT_EQ(open_fds(), expected);
  }
}

template <class Stream>
task<Stream> accept_in_ring(typename test::connections<Stream>::listener_type at) {
  auto accepted = co_await at.accept(in_ring);
  co_return std::move(accepted).value();
}

/// An accepted end in the ring, and one that was connected as usual.
template <class Stream>
task<test::stream_ends<Stream>> connect_to_ring() {
  const auto listener = test::connections<Stream>::listener();
  auto there = spawn(test::connect_to<Stream>(listener));
  auto here = co_await accept_in_ring<Stream>(listener);
  auto connected = co_await std::move(there);
  co_return {std::move(here), std::move(connected).value()};
}

template <class Stream>
class ring_only_socket : public testing::Test {};

TYPED_TEST_SUITE(ring_only_socket, test::stream_types, test::stream_names);

TYPED_TEST(ring_only_socket, has_no_descriptor_and_does_what_connections_do) {
  run([]() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 4}}).value();
    EXPECT_TRUE(pool.register_buffers());
    const std::size_t before = open_fds();
    const auto ends = co_await connect_to_ring<TypeParam>();
    EXPECT_EQ(ends.here.fd(), -1);
    expect_open_fds(before + 1);
    EXPECT_EQ(co_await write_it(ends.there, chars_of("ping")), std::error_code{});
    EXPECT_EQ(co_await read_text(ends.here), "ping");
    EXPECT_EQ(co_await write_it(ends.here, chars_of("pong")), std::error_code{});
    auto exact = co_await ends.there.read_exact(std::vector<char>(4));
    EXPECT_TRUE(exact.res);
    auto lease = pool.try_next(small).value();
    const auto sent = co_await ends.there.write(chars_of("fixed"));
    EXPECT_EQ(sent.res, 5U);
    auto fixed = co_await ends.here.read_fixed(std::move(lease));
    EXPECT_EQ(text_of(fixed.buf.bytes()), "fixed");
    auto back = co_await ends.here.write_all_fixed(std::move(fixed.buf));
    EXPECT_TRUE(back.res);
    EXPECT_EQ(co_await read_text(ends.there), "fixed");
    std::vector<std::vector<char>> pieces;
    pieces.push_back(chars_of("two "));
    pieces.push_back(chars_of("pieces"));
    const auto several = co_await ends.here.writev_all(std::move(pieces));
    EXPECT_TRUE(several.res);
    EXPECT_EQ(co_await read_text(ends.there), "two pieces");
    auto zero_copy = co_await ends.here.send_zc(chars_of("no copy"));
    EXPECT_EQ(zero_copy.res, 7U);
    EXPECT_EQ(co_await read_text(ends.there), "no copy");
  });
}

TYPED_TEST(ring_only_socket, is_read_by_a_stream_and_ends_in_halves) {
  run([]() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 4}}).value();
    const buf_group group = pool.group(small, 2).value();
    auto ends = co_await connect_to_ring<TypeParam>();
    {
      const receive_stream in = ends.here.receive(group);
      EXPECT_EQ(co_await write_it(ends.there, chars_of("by a stream")), std::error_code{});
      const auto lease = co_await in.next();
      EXPECT_EQ(text_of(lease.value().bytes()), "by a stream");
    }
    auto [reading, writing] = std::move(ends.here).split();
    auto all = spawn(read_all<TypeParam>(ends.there));
    const auto written = co_await writing.write_all(chars_of("the last"));
    EXPECT_TRUE(written.res);
    const result<> ended = co_await writing.shutdown();
    EXPECT_TRUE(ended);
    const auto came = co_await std::move(all);
    EXPECT_EQ(std::string(came.value().begin(), came.value().end()), "the last");
    EXPECT_EQ(co_await write_it(ends.there, chars_of("and back")), std::error_code{});
    EXPECT_EQ(co_await read_text(reading), "and back");
  });
}

TYPED_TEST(ring_only_socket, says_what_needs_a_descriptor) {
  run([]() -> task<> {
    const auto ends = co_await connect_to_ring<TypeParam>();
    EXPECT_EQ(error_of(ends.here.local_address()), errc::not_supported);
    EXPECT_EQ(error_of(ends.here.peer_address()), errc::not_supported);
    EXPECT_EQ(error_of(ends.here.set(socket_option::keep_alive(true))), errc::not_supported);
    EXPECT_EQ(fd_handle(ends.here).fd(), -1);
  });
}

TYPED_TEST(ring_only_socket, a_reset_that_cuts_a_write_short_is_no_end_of_what_is_read) {
  run([]() -> task<> {
    auto ends = co_await connect_to_ring<TypeParam>();
    auto writing = spawn(write_it(ends.here, std::vector<char>(test::much)));
    const auto some = co_await ends.there.read(std::vector<char>(4096));
    EXPECT_TRUE(some.res);
    if constexpr (std::is_same_v<TypeParam, tcp_stream>) {
      co_await test::reset(std::move(ends.there));
    } else {
      const result<> closed = co_await std::move(ends.there).close();  // with bytes left
      EXPECT_TRUE(closed);
    }
    EXPECT_EQ(co_await std::move(writing), std::errc::connection_reset);
    EXPECT_EQ(co_await test::read_four(ends.here), std::errc::connection_reset);
  });
}

template <class Stream>
task<std::size_t> write_until_stopped(Stream to, std::stop_token stop) {
  const auto r = co_await stop_on(stop, to.write(std::vector<char>(test::much)));
  co_return r.res.value_or(0);
}

TYPED_TEST(ring_only_socket, a_write_that_is_stopped_leaves_the_connection_as_it_is) {
  run([]() -> task<> {
    auto ends = co_await connect_to_ring<TypeParam>();
    std::stop_source stop;
    auto writing = spawn(write_until_stopped(ends.here, stop.get_token()));
    const auto first = co_await ends.there.read(std::vector<char>(4096));
    stop.request_stop();
    const std::size_t written = co_await std::move(writing);
    EXPECT_LT(written, test::much);
    auto rest = spawn(read_all<TypeParam>(ends.there));
    const result<> ended = co_await ends.here.shutdown(shut::write);
    EXPECT_TRUE(ended);
    const auto came = co_await std::move(rest);
    EXPECT_EQ(first.res.value_or(0) + came.value().size(), written);
    {
      const TypeParam gone = std::move(ends.there);
    }
    EXPECT_EQ(co_await read_text(ends.here), "");
  });
}

TYPED_TEST(ring_only_socket, a_closed_or_destroyed_one_is_closed_and_gives_its_entry_back) {
  run([]() -> task<> {
    const auto at = test::connections<TypeParam>::listener();
    for (unsigned i = 0; i < table_entries + 10; ++i) {
      const outside_peer one(at);
      const outside_peer other(at);
      {
        auto closed = co_await accept_in_ring<TypeParam>(at);
        const auto destroyed = co_await accept_in_ring<TypeParam>(at);
        EXPECT_EQ(closed.fd(), -1);
        EXPECT_EQ(destroyed.fd(), -1);
        const result<> done = co_await std::move(closed).close();
        EXPECT_TRUE(done);
      }
      EXPECT_TRUE(one.is_closed());
      EXPECT_TRUE(other.is_closed());
    }
  });
}

TYPED_TEST(ring_only_socket, close_stops_what_is_in_flight) {
  run([]() -> task<> {
    const auto ends = co_await connect_to_ring<TypeParam>();
    auto reading = spawn(test::read_four<TypeParam>(ends.here));
    co_await yield();
    auto closing = ends.here;
    const result<> closed = co_await std::move(closing).close();
    EXPECT_TRUE(closed);
    EXPECT_EQ(co_await std::move(reading), errc::canceled);
    EXPECT_EQ(co_await read_text(ends.there), "");
  });
}

TYPED_TEST(ring_only_socket, an_accept_that_nobody_awaits_any_more_leaves_nothing_behind) {
  run([]() -> task<> {
    const auto at = test::connections<TypeParam>::listener();
    const std::size_t before = open_fds();
    for (unsigned i = 0; i < table_entries + 10; ++i) {
      auto early = spawn(accept_in_ring<TypeParam>(at));
      for (auto turns = i % 3; turns > 0; --turns) co_await yield();
      const outside_peer peer(at);
      for (auto turns = i % 2; turns > 0; --turns) co_await yield();
      early.abort();
    }
    const outside_peer last(at, "last");
    for (std::string name; name != "last";) {  // those that were not accepted are still there
      auto accepted = co_await accept_in_ring<TypeParam>(at);
      EXPECT_EQ(accepted.fd(), -1);
      name = co_await name_of(std::move(accepted));
    }
    expect_open_fds(before + 1);
  });
}

TYPED_TEST(ring_only_socket, a_full_table_makes_descriptors_and_loses_no_connection) {
  run([]() -> task<> {
    const auto at = test::connections<TypeParam>::listener();
    // With what is small and open already.
    std::vector<file> entries;
    const auto options = open_options{}.read(true).ring_only(true);
    for (unsigned i = 0; i + 2 < table_entries; ++i) {
      auto opened = co_await file::open("/dev/zero", options);
      entries.push_back(std::move(opened).value());
    }
    std::vector<outside_peer> peers;
    std::vector<TypeParam> all;
    for (int i = 0; i < 4; ++i) {
      peers.emplace_back(at, std::to_string(i));
      all.push_back(co_await accept_in_ring<TypeParam>(at));
    }
    EXPECT_EQ(all.front().fd(), -1);
    EXPECT_GE(all.back().fd(), 0);
    for (std::size_t i = 0; i < all.size(); ++i)
      EXPECT_EQ(co_await name_of(all[i]), std::to_string(i));
  });
}

TYPED_TEST(ring_only_socket, needs_no_descriptor_where_there_is_none_left) {
  if (test::on_fake_kernel()) GTEST_SKIP() << "it accepts into a descriptor first";
  run([]() -> task<> {
    const auto at = test::connections<TypeParam>::listener();
    const outside_peer first(at, "first");
    const outside_peer peer(at, "peer");
    auto warm = co_await accept_in_ring<TypeParam>(at);  // the ring has its table now
    const test::no_more_descriptors none;
    auto accepted = co_await accept_in_ring<TypeParam>(at);
    EXPECT_EQ(co_await name_of(std::move(accepted)), "peer");
    EXPECT_EQ(co_await name_of(std::move(warm)), "first");
  });
}

TYPED_TEST(ring_only_socket, a_stream_brings_them_in_their_order) {
  run([]() -> task<> {
    const auto at = test::connections<TypeParam>::listener();
    accept_stream in = at.incoming(4, in_ring);
    const std::size_t before = open_fds();
    std::vector<outside_peer> peers;
    for (int i = 0; i < 20; ++i) {
      peers.emplace_back(at, std::to_string(i));
      if (i % 3 == 0) co_await yield();
    }
    for (int i = 0; i < 20; ++i) {
      auto next = co_await in.next();
      EXPECT_EQ(next.value().fd(), -1);
      EXPECT_EQ(co_await name_of(std::move(*next)), std::to_string(i));
    }
    expect_open_fds(before + peers.size());
  });
}

TYPED_TEST(ring_only_socket, a_stream_that_is_destroyed_closes_those_that_nobody_has_taken) {
  run([]() -> task<> {
    for (int round = 0; round < 300; ++round) {  // more than there are entries, in all
      auto at = test::connections<TypeParam>::listener();
      std::optional<accept_stream<TypeParam>> in = at.incoming(8, in_ring);
      std::vector<outside_peer> peers;
      for (int i = 0; i < 4; ++i) peers.emplace_back(at);
      {
        const auto first = co_await in->next();
        EXPECT_EQ(first.value().fd(), -1);
      }
      for (int turns = round % 6; turns > 0; --turns) co_await yield();
      in.reset();
      const result<> closed = co_await std::move(at).close();  // and with it what had not arrived
      EXPECT_TRUE(closed);
      for (const outside_peer& peer : peers) {
        while (!peer.is_closed()) co_await yield();
      }
    }
  });
}

task<std::error_code> read_error(tcp_stream from) { return test::read_four(std::move(from)); }

TEST(ring_only_socket_of_tcp, is_connected_as_well) {
  run([]() -> task<> {
    const auto at = test::connections<tcp_stream>::listener();
    const std::size_t before = open_fds();
    const auto connect = [&] {
      return tcp_stream::connect(at.local_address().value(), {.no_delay = true, .ring_only = true});
    };
    for (unsigned i = 0; i < table_entries + 10; ++i) {
      const auto here = co_await connect();
      const auto there = co_await at.accept(in_ring);
      EXPECT_EQ(here.value().fd(), -1);
      EXPECT_EQ(co_await write_it(*here, chars_of("ping")), std::error_code{});
      EXPECT_EQ(co_await read_text(*there), "ping");
      expect_open_fds(before);
    }
  });
}

TEST(ring_only_socket_of_tcp, belongs_to_its_runtime) {
  std::optional<runtime> mine = test::make_runtime().value();
  runtime other = test::make_runtime().value();
  const auto ends = mine->block_on(connect_to_ring<tcp_stream>());
  EXPECT_EQ(other.block_on(read_error(ends.here)), errc::wrong_runtime);
  mine.reset();
  EXPECT_EQ(other.block_on(read_error(ends.here)), errc::wrong_runtime);
  EXPECT_EQ(other.block_on(read_text(ends.there)), "");
}

}  // namespace
}  // namespace carousel
