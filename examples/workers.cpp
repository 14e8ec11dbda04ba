// A server with a runtime in each of its threads, which all listen at one port: the kernel deals
// connections out. SIGINT and SIGTERM end it; those who are connected have ten seconds more.
// Try it: workers 127.0.0.1:7777, and then socat - TCP:127.0.0.1:7777

#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "carousel/carousel.hpp"

using namespace carousel;

namespace {

constexpr unsigned workers = 4;

// [snippet]
/// Sends back what comes. A connection that waits has no buffer.
task<> echo(tcp_stream peer, buf_group group) {
  const receive_stream in = peer.receive(group);
  for (;;) {
    auto lease = co_await in.next();
    if (!lease) co_return;
    const auto sent = co_await peer.write_all(std::move(*lease));
    if (!sent.res) co_return;
  }
}

/// What each thread does, in a runtime of its own.
task<> serve(tcp_listener listener, std::stop_token over) {
  const auto pool = or_throw(fixed_buf_pool::make({{.capacity = 16384, .count = 64}}));
  const buf_group group = or_throw(pool.group(16384, 64));
  task_group peers;
  const accept_stream<tcp_stream> in = listener.incoming();
  for (;;) {
    auto peer = co_await stop_on(over, in.next());
    if (!peer) break;
    or_throw(co_await peers.spawn(echo, std::move(*peer), group));
  }
  (void)co_await timeout(std::chrono::seconds(10), peers.wait());
}
// [/snippet]

/// All at the same address; the first may ask for any port.
std::vector<tcp_listener> listen(socket_address at) {
  std::vector<tcp_listener> all;
  while (all.size() < workers) {
    all.push_back(or_throw(tcp_listener::bind(at, {.reuse_port = true})));
    at = or_throw(all.front().local_address());
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) try {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const signal_set signals{SIGINT, SIGTERM};  // before the threads, which inherit what is blocked
  auto listeners = listen(or_throw(socket_address::parse(argc > 1 ? argv[1] : "127.0.0.1:0")));
  const auto address = or_throw(listeners.front().local_address()).to_string();
  std::printf("listening on %s\n", address.c_str());

  std::stop_source over;
  std::vector<std::jthread> threads;
  threads.reserve(workers);
  for (tcp_listener& one : listeners) {
    threads.emplace_back([mine = std::move(one), until = over.get_token()]() mutable {
      start([&] { return serve(std::move(mine), until); });
    });
  }
  const auto why = start([&] { return signals.next(); });
  if (why) std::printf("signal %d\n", why->signal);
  over.request_stop();
} catch (const std::exception& e) {
  std::fprintf(stderr, "workers: %s\n", e.what());
  return 1;
}
