#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <string>

#include "fake/two_kernels.hpp"
#include "support/accept_call.hpp"
#include "support/pipe_pair.hpp"
#include "support/temp_dir.hpp"

// Operations that complete more than once do so alike on both kernels.

namespace carousel {
namespace {

using namespace fake::words;

TEST(stream_conformance,
     an_accept_that_goes_on_announces_the_next_completion_until_it_is_cancelled) {
  same_on_both([](bench& b, answers& a) {
    const test::loopback_listener listener;
    const detail::fd_ref socket = listener.ref();
    request accept{.code = opcode::accept, .fd = socket->fd};
    accept.ioprio = 1;
    accept.op_flags = SOCK_CLOEXEC;
    b.start(accept, 1);
    const auto take = [&] {
      for (const auto& [res, more] : b.completions()) {
        note(a, res >= 0 ? "a descriptor, more" : "an error, more", more);
        if (res < 0) note(a, "error", res);
        if (res > 0) ::close(res);
      }
    };
    take();
    for (int i = 0; i < 3; ++i) {
      const int client = listener.connect();
      (void)b.enter(1);  // whoever connects may be told before the other side
      take();
      ::close(client);
    }
    b.start({.code = opcode::async_cancel, .address = 1}, 2);
    take();
  });
}

/// A zero-copy send: its result, and then that the kernel has let go of the memory.
void send_without_copy(bench& b, answers& a, int fd) {
  const std::string bytes = "five!";
  b.start({.code = opcode::send_zc,
           .ioprio = 8,  // tell whether it was copied
           .fd = fd,
           .address = reinterpret_cast<std::uintptr_t>(bytes.data()),
           .length = static_cast<std::uint32_t>(bytes.size())},
          1);
  for (int answers_left = 2; answers_left > 0;) {
    (void)b.enter(1);
    for (const auto& [res, more] : b.completions()) {
      note(a, more ? "its result" : "its memory", more ? res : 0);
      --answers_left;
    }
  }
}

TEST(stream_conformance, a_zero_copy_send_tells_its_result_before_its_memory_is_free) {
  same_on_both([](bench& b, answers& a) {
    if (!b.kernel().supports(static_cast<std::uint8_t>(opcode::send_zc))) return;
    const test::loopback_listener listener;
    const int client = listener.connect();
    send_without_copy(b, a, client);
    ::close(client);
    std::array<int, 2> both{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, both.data()), 0);
    send_without_copy(b, a, both[0]);  // refused, and that is told in the same way
    for (const int fd : both) ::close(fd);
  });
}

request poll_of(int fd, std::uint32_t events) {
  return {.code = opcode::poll_add, .fd = fd, .length = 1, .op_flags = events};
}

/// What has completed so far: whether it is readable, and whether it goes on.
void take_polls(bench& b, answers& a) {
  note(a, "asked", 0);
  for (const auto& [res, more] : b.completions()) {
    note(a, "readable", res < 0 ? res : res & POLLIN);
    note(a, "more", more);
  }
}

TEST(stream_conformance, a_poll_that_goes_on_tells_of_edges) {
  same_on_both([](bench& b, answers& a) {
    const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    b.start(poll_of(fd, POLLIN), 1);
    take_polls(b, a);
    for (int i = 0; i < 3; ++i) {
      ::eventfd_write(fd, 1);
      take_polls(b, a);
    }
    take_polls(b, a);
    ::eventfd_write(fd, 1);
    ::eventfd_write(fd, 1);
    take_polls(b, a);
    eventfd_t all = 0;
    ::eventfd_read(fd, &all);
    take_polls(b, a);
    ::eventfd_write(fd, 1);
    take_polls(b, a);
    b.start({.code = opcode::async_cancel, .address = 1}, 2);
    for (const auto& [res, more] : b.completions()) note(a, res < 0 ? "ended" : "done", more);
    ::close(fd);
  });
}

TEST(stream_conformance, of_ten_connections_that_wait_a_poll_tells_once) {
  same_on_both([](bench& b, answers& a) {
    const test::loopback_listener listener;
    const detail::fd_ref socket = listener.ref();
    std::vector<int> clients;
    clients.reserve(11);
    for (int i = 0; i < 10; ++i) clients.push_back(listener.connect());
    b.start(poll_of(socket->fd, POLLIN), 1);
    take_polls(b, a);
    ::close(listener.accept());
    take_polls(b, a);
    clients.push_back(listener.connect());
    take_polls(b, a);
    for (const int fd : clients) ::close(fd);
    b.start({.code = opcode::async_cancel, .address = 1}, 2);
    (void)b.completions();
  });
}

TEST(stream_conformance, a_poll_of_a_regular_file_ends_with_its_first_completion) {
  same_on_both([](bench& b, answers& a) {
    const test::temp_dir dir;
    const int fd = ::open(dir.make("file", "text").c_str(), O_RDONLY | O_CLOEXEC);
    b.start(poll_of(fd, POLLIN), 1);
    take_polls(b, a);
    ::close(fd);
  });
}

TEST(stream_conformance, with_a_full_completion_queue_an_accept_ends_without_an_error) {
  same_on_both(
      [](bench& b, answers& a) {
        const test::loopback_listener listener;
        const detail::fd_ref socket = listener.ref();
        std::vector<int> clients;
        clients.reserve(20);
        for (int i = 0; i < 20; ++i) clients.push_back(listener.connect());
        request accept{.code = opcode::accept, .fd = socket->fd};
        accept.ioprio = 1;
        accept.op_flags = SOCK_CLOEXEC;
        std::size_t accepted = 0;
        std::size_t ended = 0;
        for (std::uint64_t i = 1; accepted < clients.size(); ++i) {
          b.start(accept, i);
          for (bool more = true; more && accepted < clients.size();) {
            for (const auto& [res, goes_on] : b.completions()) {
              more = goes_on;
              ended += goes_on ? 0 : 1;
              note(a, "an error", res < 0);
              ++accepted;
              ::close(res);
            }
          }
        }
        note(a, "ended early", ended > 0);
        for (const int fd : clients) ::close(fd);
        for (std::uint64_t i = 1; i < 8; ++i)
          b.start({.code = opcode::async_cancel, .address = i}, 100 + i);
        for (int i = 0; i < 8; ++i) (void)b.completions();
      },
      4);
}

}  // namespace
}  // namespace carousel
