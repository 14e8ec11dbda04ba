// A TCP proxy: what comes from one side goes to the other, from the lease that it was read into.
// Each direction ends by itself, and a connection that breaks breaks the other one.
// Try it: proxy 127.0.0.1:8080 127.0.0.1:80, and then curl 127.0.0.1:8080

#include <chrono>
#include <cstdio>
#include <exception>
#include <system_error>
#include <utility>

#include "carousel/carousel.hpp"
#include "next_connection.hpp"

using namespace carousel;

namespace {

constexpr buf_class buffers = {.capacity = 65536, .count = 64};
constexpr std::chrono::seconds patience(30);  // with who does not answer, or keeps a buffer busy

/// One direction, until its end. Throws std::system_error where a connection breaks.
task<> pass(const tcp_stream& from, const tcp_stream& to, buf_group group) {
  const receive_stream in = from.receive(group);
  for (;;) {
    auto lease = co_await in.next();
    if (!lease && lease.error() == errc::end_of_file) break;
    auto bytes = or_throw(std::move(lease));
    (void)or_throw(co_await timeout(patience, to.write_all_fixed(std::move(bytes))));
  }
  or_throw(co_await to.shutdown(shut::write));
  // Whoever has said all may still break off, and while nothing is said to them only this tells it.
  const poll_stream watch(from, poll_events::none);
  poll_events seen{};
  while (!has(seen, poll_events::error | poll_events::hung_up))
    seen = or_throw(co_await watch.next());
  if (has(seen, poll_events::error))
    throw std::system_error(std::make_error_code(std::errc::connection_reset));
}

task<> relay(tcp_stream client, socket_address target, buf_group group) {
  const auto server = co_await timeout(patience, tcp_stream::connect(target));
  try {
    or_throw(server);
    or_throw(client.set(socket_option::no_delay(true)));
    or_throw(server->set(socket_option::no_delay(true)));
    (void)co_await when_all(pass(client, *server, group), pass(*server, client, group));
    co_return;
  } catch (const std::system_error& e) {
    std::fprintf(stderr, "proxy: %s\n", e.what());
  }
  // To close them is to reset them from now on.
  (void)client.set(socket_option::reset_on_close());
  if (server) (void)server->set(socket_option::reset_on_close());
}

task<> serve(socket_address at, socket_address target) {
  const auto pool = or_throw(fixed_buf_pool::make({buffers}));
  or_throw(pool.register_buffers());
  const buf_group group = or_throw(pool.group(buffers.capacity, buffers.count));
  const auto listener = or_throw(tcp_listener::bind(at));
  std::printf("listening on %s\n", or_throw(listener.local_address()).to_string().c_str());
  std::fflush(stdout);
  const accept_stream in = listener.incoming();
  for (;;) {
    auto client = co_await next_connection(in);
    if (!client) co_return;
    spawn(relay, std::move(*client), target, group).detach();
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const auto at = or_throw(socket_address::parse(argc > 1 ? argv[1] : "127.0.0.1:0"));
  const auto target = or_throw(socket_address::parse(argc > 2 ? argv[2] : "127.0.0.1:80"));
  start([&] { return serve(at, target); });
} catch (const std::exception& e) {
  std::fprintf(stderr, "proxy: %s\n", e.what());
  return 1;
}
