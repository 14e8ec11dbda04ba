#include "socket/exchange.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "common/machine.hpp"

namespace bench {
namespace {

connection over_unix() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    fail_errno("socketpair");
  return {.asks = ends[0], .answers = ends[1]};
}

connection over_tcp() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  auto* const name = reinterpret_cast<sockaddr*>(&at);
  connection made;
  made.asks = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0 || made.asks < 0 || ::bind(listener, name, size) != 0 ||
      ::listen(listener, 1) != 0 || ::getsockname(listener, name, &size) != 0 ||
      ::connect(made.asks, name, size) != 0)
    fail_errno("a connection over 127.0.0.1");
  made.answers = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (made.answers < 0) fail_errno("accept4");
  ::close(listener);
  const int on = 1;
  for (const int end : {made.asks, made.answers})
    if (::setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) fail_errno("TCP_NODELAY");
  return made;
}

}  // namespace

std::vector<connection> connections_of(const exchange& what) {
  if (what.bytes < sizeof(std::uint64_t)) fail("a message has 8 bytes at least");
  std::vector<connection> all;
  all.reserve(what.pairs);
  for (unsigned i = 0; i < what.pairs; ++i) all.push_back(what.tcp ? over_tcp() : over_unix());
  return all;
}

void stamp(std::byte* message, const exchange& what, std::uint64_t number) noexcept {
  std::memcpy(message, &number, sizeof number);
  std::memcpy(message + what.bytes - sizeof number, &number, sizeof number);
}

void check_answer(const std::byte* message, const exchange& what, std::uint64_t number) {
  if (std::memcmp(message, &number, sizeof number) != 0 ||
      std::memcmp(message + what.bytes - sizeof number, &number, sizeof number) != 0) [[unlikely]]
    fail("another message came back than the one that was sent");
}

}  // namespace bench
