// A server that gives every connection back what it sends, as many at once as there are buffers.
// Try it: echo 127.0.0.1:7777, and then socat - TCP:127.0.0.1:7777

#include <chrono>
#include <cstdio>
#include <exception>
#include <system_error>
#include <utility>

#include "carousel/carousel.hpp"

using namespace carousel;

namespace {

constexpr buf_class buffers = {.capacity = 16384, .count = 64};

/// Until the peer has ended its writing; a connection that breaks concerns nobody else.
task<> echo(tcp_stream peer, fixed_buf buf) {
  for (;;) {
    auto got = co_await peer.read(std::move(buf));
    if (got.res.value_or(0) == 0) co_return;
    auto sent = co_await peer.write_all(std::move(got.buf));
    if (!sent.res) co_return;
    buf = std::move(sent.buf);
  }
}

task<> serve(tcp_listener listener) {
  const auto pool = or_throw(fixed_buf_pool::make({buffers}));
  or_throw(pool.register_buffers());
  for (;;) {
    // Who comes while all buffers are out waits in the listener's backlog.
    auto buf = or_throw(co_await pool.next(buffers.capacity));
    auto peer = co_await listener.accept();
    if (peer) {
      spawn(echo, std::move(*peer), std::move(buf)).detach();
      continue;
    }
    const std::error_code why = peer.error();
    if (why == errc::canceled || why == std::errc::invalid_argument) co_return;  // no more come
    std::fprintf(stderr, "echo: %s\n", why.message().c_str());
    // Whatever there is too little of, descriptors perhaps, is not there sooner for being asked.
    co_await sleep_for(std::chrono::milliseconds(100));
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const auto at = or_throw(socket_address::parse(argc > 1 ? argv[1] : "127.0.0.1:0"));
  auto listener = or_throw(tcp_listener::bind(at));
  std::printf("listening on %s\n", or_throw(listener.local_address()).to_string().c_str());
  std::fflush(stdout);
  start([&] { return serve(std::move(listener)); });
} catch (const std::exception& e) {
  std::fprintf(stderr, "echo: %s\n", e.what());
  return 1;
}
