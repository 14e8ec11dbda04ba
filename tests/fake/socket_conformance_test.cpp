#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "fake/two_kernels.hpp"
#include "support/accept_call.hpp"

// Operations on sockets do alike on both kernels.

namespace carousel {
namespace {

using namespace fake::words;

/// Both ends of a TCP connection.
struct tcp_ends {
  int here = -1;
  int there = -1;

  tcp_ends() {
    const test::loopback_listener listener;
    here = listener.connect();
    there = listener.accept();
  }
  tcp_ends(const tcp_ends&) = delete;
  tcp_ends& operator=(const tcp_ends&) = delete;
  ~tcp_ends() {
    ::close(here);
    ::close(there);
  }
  /// Closes the other end with a reset.
  void reset() const {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(there, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::shutdown(::dup2(here, there), 0);  // `there` goes, and its number stays open
  }
};

request message_of(opcode code, int fd, void* at, std::uint32_t bytes, unsigned flags = 0) {
  return {.code = code,
          .fd = fd,
          .address = address_of(at),
          .length = bytes,
          .op_flags = MSG_NOSIGNAL | flags};
}

TEST(socket_conformance, sockets_connect) {
  same_on_both([](bench& b, answers& a) {
    sockaddr_in to{};
    socklen_t bytes = sizeof to;
    {
      const test::loopback_listener gone;
      const detail::fd_ref socket = gone.ref();
      ::getsockname(socket->fd, reinterpret_cast<sockaddr*>(&to), &bytes);
    }
    const auto connect = [&](int fd) {
      return b.run(
          {.code = opcode::connect, .fd = fd, .offset = bytes, .address = address_of(&to)});
    };
    const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    note(a, "nobody listens", connect(client));
    const test::loopback_listener listener;
    const detail::fd_ref socket = listener.ref();
    ::getsockname(socket->fd, reinterpret_cast<sockaddr*>(&to), &bytes);
    note(a, "the same socket", connect(client));
    note(a, "once more", connect(client));
    const int waiting = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    note(a, "a socket that does not block", connect(waiting));
    note(a, "a file", connect(0) < 0);
    ::close(client);
    ::close(waiting);
  });
}

TEST(socket_conformance, a_unix_listener_without_room) {
  same_on_both([](bench& b, answers& a) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    socklen_t bytes = sizeof name;
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&name), sizeof name.sun_family),
              0);
    ::listen(listener, 0);
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&name), &bytes);
    std::vector<int> clients;
    for (int i = 0; i < 3; ++i) {
      clients.push_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      note(a, "connect",
           b.run({.code = opcode::connect,
                  .fd = clients.back(),
                  .offset = bytes,
                  .address = address_of(&name)}));
    }
    for (const int fd : clients) ::close(fd);
    ::close(listener);
  });
}

TEST(socket_conformance, receives_and_sends) {
  same_on_both([](bench& b, answers& a) {
    const tcp_ends ends;
    std::array<char, 64> buf{};
    note(a, "send", b.run(message_of(opcode::send, ends.there, buf.data(), 10, MSG_WAITALL)));
    note(a, "send nothing", b.run(message_of(opcode::send, ends.there, buf.data(), 0)));
    note(a, "some of it", b.run(message_of(opcode::recv, ends.here, buf.data(), 4)));
    note(a, "the rest", b.run(message_of(opcode::recv, ends.here, buf.data(), 64)));
    b.start(message_of(opcode::recv, ends.here, buf.data(), 0), 1);
    note(a, "submitted", b.enter(0));
    note(a, "ended", static_cast<long>(b.completions().size()));
    note(a, "put", ::send(ends.there, "abc", 3, 0));
    note(a, "a receive of nothing", b.result_of(1));
    std::array<iovec, 3> pieces = {iovec{buf.data(), 1}, iovec{nullptr, 0}, iovec{&buf[8], 9}};
    msghdr header{};
    header.msg_iov = pieces.data();
    header.msg_iovlen = pieces.size();
    header.msg_flags = -1;
    note(a, "pieces", b.run(message_of(opcode::recvmsg, ends.here, &header, 1)));
    note(a, "first", buf[0]);
    note(a, "second", buf[8]);
    note(a, "flags", header.msg_flags);
    note(a, "pieces", b.run(message_of(opcode::sendmsg, ends.there, &header, 1, MSG_WAITALL)));
    header.msg_iovlen = 1025;
    note(a, "1,025 pieces", b.run(message_of(opcode::sendmsg, ends.there, &header, 1)));
    note(a, "no socket", b.run(message_of(opcode::recv, 0, buf.data(), 1)) < 0);
  });
}

TEST(socket_conformance, a_send_that_waits_for_all) {
  same_on_both([](bench& b, answers& a) {
    const tcp_ends ends;
    constexpr std::uint32_t much = 16U << 20U;
    std::vector<char> bytes(much);
    const int some = b.run(message_of(opcode::send, ends.here, bytes.data(), much));
    note(a, "without it, short", some > 0 && some < static_cast<int>(much));
    const auto read = [&](std::size_t all) {
      std::vector<char> into(65536);
      for (std::size_t got = 0; got < all;) {
        const ssize_t n =
            ::recv(ends.there, into.data(), std::min(into.size(), all - got), MSG_DONTWAIT);
        if (n > 0) got += static_cast<std::size_t>(n);
        (void)b.enter(0);
      }
    };
    read(static_cast<std::size_t>(some));
    b.start(message_of(opcode::send, ends.here, bytes.data(), much, MSG_WAITALL), 1);
    (void)b.enter(0);
    read(much);
    note(a, "with it, all", b.result_of(1) == static_cast<int>(much));
    b.start(message_of(opcode::send, ends.here, bytes.data(), much, MSG_WAITALL), 2);
    (void)b.enter(0);
    note(a, "cancel", b.run({.code = opcode::async_cancel, .address = 2}));
    const int before = b.result_of(2);
    note(a, "cancelled, some", before > 0 && before < static_cast<int>(much));
  });
}

TEST(socket_conformance, accepts_into_the_file_table) {
  same_on_both([](bench& b, answers& a) {
    const test::loopback_listener listener;
    const detail::fd_ref socket = listener.ref();
    const auto accept = [&](std::uint32_t index, std::uint32_t flags = 0) {
      return b.run(
          {.code = opcode::accept, .fd = socket->fd, .op_flags = flags, .file_index = index});
    };
    std::array<char, 64> buf{};
    const auto receive = [&](int index) {
      request r = message_of(opcode::recv, index, buf.data(), 64);
      r.op_flags |= MSG_DONTWAIT;
      r.sqe_flags = detail::sqe_fixed_file;
      return b.run(r);
    };
    const auto is_lost = [&](int client) { return ::recv(client, buf.data(), 1, 0) == 0; };
    const int lost = listener.connect();
    note(a, "without a table", accept(1));
    note(a, "lost", is_lost(lost));
    note(a, "register", b.kernel().register_files(4));
    const int beyond = listener.connect();
    note(a, "beyond the table", accept(5));
    note(a, "lost", is_lost(beyond));
    const int taken = listener.connect();
    note(a, "close-on-exec", accept(2, SOCK_CLOEXEC));
    note(a, "accept", accept(2));
    note(a, "nothing yet", receive(1));
    note(a, "sent", ::send(taken, "abc", 3, 0));
    note(a, "received", receive(1));
    b.start({.code = opcode::accept, .fd = socket->fd, .file_index = 3}, 7);
    (void)b.enter(0);
    const int late = listener.connect();
    note(a, "accept that waits", b.result_of(7));
    note(a, "sent", ::send(late, "late", 4, 0));
    note(a, "received", receive(2));
    note(a, "close", b.run({.code = opcode::close, .file_index = 2}));
    note(a, "closed", is_lost(taken));
    note(a, "clear", b.kernel().update_file(2, -1));
    note(a, "closed", is_lost(late));
    for (const int client : {lost, beyond, taken, late}) ::close(client);
  });
}

TEST(socket_conformance, connections_end) {
  same_on_both([](bench& b, answers& a) {
    std::array<char, 64> buf{};
    {
      const tcp_ends ends;
      b.start(message_of(opcode::recv, ends.here, buf.data(), 4), 1);
      (void)b.enter(0);
      note(a, "shutdown", b.run({.code = opcode::shutdown, .fd = ends.here, .length = SHUT_RDWR}));
      note(a, "the receive", b.result_of(1));
      note(a, "send", b.run(message_of(opcode::send, ends.here, buf.data(), 4)));
      note(a, "not one", b.run({.code = opcode::shutdown, .fd = ends.here, .length = 7}));
    }
    const tcp_ends ends;
    b.start(message_of(opcode::recv, ends.here, buf.data(), 4), 2);
    (void)b.enter(0);
    ends.reset();
    note(a, "reset", b.result_of(2));
    note(a, "afterwards", b.run(message_of(opcode::recv, ends.here, buf.data(), 4)));
    note(a, "send", b.run(message_of(opcode::send, ends.here, buf.data(), 4)));
    const test::loopback_listener listener;
    const detail::fd_ref socket = listener.ref();
    b.start({.code = opcode::accept, .fd = socket->fd, .op_flags = SOCK_CLOEXEC}, 3);
    (void)b.enter(0);
    ::shutdown(socket->fd, SHUT_RDWR);
    note(a, "an accept of a listener that was shut down", b.result_of(3));
  });
}

}  // namespace
}  // namespace carousel
