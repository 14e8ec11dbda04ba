// Sends every datagram back to whoever it came from; so many at once as there are buffers.
// Try it: udp_echo 127.0.0.1:7777, and then socat - UDP:127.0.0.1:7777

#include <cstdio>
#include <exception>
#include <utility>

#include "carousel/carousel.hpp"

using namespace carousel;

namespace {

constexpr buf_class buffers = {.capacity = 65536, .count = 16};  // no datagram is longer

task<> echo(udp_socket socket, fixed_buf buf) {
  for (;;) {
    auto [about, datagram] = or_throw(co_await socket.recv_from(std::move(buf)));
    auto sent = co_await socket.send_to(std::move(datagram), about.from);
    buf = std::move(sent.buf);  // one that cannot be sent is lost, as any may be
  }
}

task<> serve(udp_socket socket) {
  const auto pool = or_throw(fixed_buf_pool::make({buffers}));
  task_group echoes;
  for (std::size_t i = 0; i < buffers.count; ++i)
    or_throw(co_await echoes.spawn(echo, socket, or_throw(co_await pool.next(buffers.capacity))));
  or_throw(co_await echoes.wait());
}

}  // namespace

int main(int argc, char** argv) try {
  const auto at = or_throw(socket_address::parse(argc > 1 ? argv[1] : "127.0.0.1:0"));
  auto socket = or_throw(udp_socket::bind(at));
  std::printf("listening on %s\n", or_throw(socket.local_address()).to_string().c_str());
  std::fflush(stdout);
  start([&] { return serve(std::move(socket)); });
} catch (const std::exception& e) {
  std::fprintf(stderr, "udp_echo: %s\n", e.what());
  return 1;
}
