#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "../../examples/next_connection.hpp"
#include "support/no_more_descriptors.hpp"
#include "support/outside_peer.hpp"
#include "support/run.hpp"
#include "support/stream_ends.hpp"

// How the servers among the examples take connections.

namespace carousel {
namespace {

using test::outside_peer;
using test::run;

tcp_listener tcp() { return test::connections<tcp_stream>::listener(); }

/// What a server does.
task<> serve(const accept_stream<tcp_stream>& from) {
  for (;;) {
    const auto peer = co_await next_connection(from);
    if (!peer) co_return;
  }
}

TEST(next_connection, a_server_that_is_asked_to_stop_ends) {
  run([]() -> task<> {
    const tcp_listener at = tcp();
    const accept_stream in = at.incoming();
    const outside_peer one(at);
    const outside_peer other(at);
    const auto ended = co_await timeout(std::chrono::milliseconds(2), serve(in));
    EXPECT_EQ(test::error_of(ended), errc::timed_out);
  });
}

TEST(next_connection, a_server_whose_listener_is_closed_ends) {
  run([]() -> task<> {
    tcp_listener at = tcp();
    const accept_stream in = at.incoming();
    auto serving = spawn(serve, std::cref(in));
    co_await yield();
    EXPECT_TRUE(co_await std::move(at).close());
    co_await std::move(serving);
  });
}

TEST(next_connection, a_server_without_a_descriptor_waits_for_one) {
  run([]() -> task<> {
    const tcp_listener at = tcp();
    const accept_stream in = at.incoming();
    const outside_peer peer(at, "late");
    auto none = std::make_unique<test::no_more_descriptors>();
    auto first = spawn(next_connection<tcp_stream>, std::cref(in));
    for (int turns = 0; turns < 10; ++turns) co_await yield();
    none.reset();
    auto came = co_await std::move(first);
    EXPECT_TRUE(came);
    if (came) {
      EXPECT_EQ(co_await test::name_of(std::move(*came)), "late");
    }
  });
}

}  // namespace
}  // namespace carousel
