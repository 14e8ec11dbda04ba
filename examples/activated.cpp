// An echo server that systemd starts when somebody comes: its sockets listen already, and are
// passed to it from descriptor 3 on, as sd_listen_fds(3) says.
// Try it: systemd-socket-activate -l 7777 activated, and then socat - TCP:127.0.0.1:7777

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <utility>

#include "carousel/carousel.hpp"
#include "next_connection.hpp"

using namespace carousel;

namespace {

constexpr buf_class buffers = {.capacity = 16384, .count = 64};
constexpr int first_passed = 3;

/// How many sockets were passed to this process. The programs that it starts are not told of them.
int passed() {
  const auto number = [](const char* name) {
    const char* const text = std::getenv(name);
    return text != nullptr ? std::atoi(text) : 0;
  };
  const int count = number("LISTEN_PID") == getpid() ? number("LISTEN_FDS") : 0;
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) unsetenv(name);
  if (count == 0) throw std::runtime_error("no sockets were passed: LISTEN_PID, LISTEN_FDS");
  return count;
}

template <class Stream>
task<> echo(Stream peer, buf_group group) {
  const receive_stream in = peer.receive(group);
  for (;;) {
    auto lease = co_await in.next();
    if (!lease) co_return;
    const auto sent = co_await peer.write_all(std::move(*lease));
    if (!sent.res) co_return;
  }
}

template <class Listener>
task<> serve(Listener listener, buf_group group) {
  const accept_stream in = listener.incoming();
  for (;;) {
    auto peer = co_await next_connection(in);
    if (!peer) co_return;
    spawn(echo(std::move(*peer), group)).detach();
  }
}

task<> serve_all(int count) {
  const auto pool = or_throw(fixed_buf_pool::make({buffers}));
  const buf_group group = or_throw(pool.group(buffers.capacity, buffers.count));
  task_group listeners;
  for (int fd = first_passed; fd < first_passed + count; ++fd) {
    if (auto tcp = tcp_listener::adopt(fd)) {
      or_throw(co_await listeners.spawn(serve(std::move(*tcp), group)));
    } else {
      auto local = or_throw(unix_listener::adopt(fd));
      or_throw(co_await listeners.spawn(serve(std::move(local), group)));
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  or_throw(co_await listeners.wait());
}

}  // namespace

int main() try {
  const int count = passed();
  start([&] { return serve_all(count); });
} catch (const std::exception& e) {
  std::fprintf(stderr, "activated: %s\n", e.what());
  return 1;
}
