#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <string>

#include "fake/two_kernels.hpp"
#include "support/pipe_pair.hpp"
#include "support/temp_dir.hpp"

// Requests that are linked begin and end alike on both kernels.

namespace carousel {
namespace {

using namespace fake::words;

constexpr std::uint64_t here = detail::current_position;

request linked(request r) {
  r.sqe_flags |= detail::sqe_io_link;
  return r;
}

void note_results(bench& b, answers& a, std::uint64_t last) {
  for (std::uint64_t name = 1; name <= last; ++name) note(a, "result", b.result_of(name));
}

TEST(chain_conformance, each_starts_when_the_one_before_has_succeeded) {
  const test::temp_dir dir;
  const std::string path = dir.make("file", "old");
  same_on_both([&](bench& b, answers& a) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    std::array<char, 4> sent = {'n', 'e', 'w', '!'};
    std::array<char, 4> got{};
    b.start(linked(transfer(opcode::write, fd, sent.data(), 4, 0)), 1);
    b.start(linked({.code = opcode::fsync, .fd = fd}), 2);
    b.start(transfer(opcode::read, fd, got.data(), 4, 0), 3);
    note_results(b, a, 3);
    note(a, "what was written is read", got == sent ? 1 : 0);
    ::close(fd);
  });
}

TEST(chain_conformance, one_that_waits_keeps_those_behind_it_waiting) {
  same_on_both([](bench& b, answers& a) {
    const test::pipe_pair from;
    const test::pipe_pair to;
    const file reader = from.reader();
    const file writer = to.writer();
    std::array<char, 2> bytes = {'a', 'b'};
    std::array<char, 3> into{};
    b.start(linked(transfer(opcode::read, reader.fd(), into.data(), 3, here)), 1);
    b.start(transfer(opcode::write, writer.fd(), bytes.data(), 2, here), 2);
    note(a, "submitted", b.enter(0));
    note(a, "written early", static_cast<long>(to.take().size()));
    note(a, "a cancel of the second", b.run({.code = opcode::async_cancel, .address = 2}));
    from.put("xyz");
    note_results(b, a, 2);
    note(a, "written", static_cast<long>(to.take().size()));
  });
}

TEST(chain_conformance, a_cancel_of_the_first_ends_all) {
  same_on_both([](bench& b, answers& a) {
    const test::pipe_pair pipe;
    const file reader = pipe.reader();
    std::array<char, 3> into{};
    b.start(linked(transfer(opcode::read, reader.fd(), into.data(), 3, here)), 1);
    b.start(linked({.code = opcode::nop}), 2);
    b.start({.code = opcode::nop}, 3);
    note(a, "submitted", b.enter(0));
    note(a, "cancel", b.run({.code = opcode::async_cancel, .address = 1}));
    note_results(b, a, 3);
  });
}

TEST(chain_conformance, what_is_short_or_fails_breaks_the_rest) {
  const test::temp_dir dir;
  const std::string path = dir.make("file", "four");
  same_on_both([&](bench& b, answers& a) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    std::array<char, 8> into{};
    const iovec piece{into.data(), into.size()};
    const request heads[] = {
        transfer(opcode::read, fd, into.data(), 4, 0),
        transfer(opcode::read, fd, into.data(), 5, 0),
        transfer(opcode::readv, fd, const_cast<iovec*>(&piece), 1, 0),
        transfer(opcode::read, fd, into.data(), 0, 0),
        transfer(opcode::write, fd, into.data(), 1, 0),
        transfer(opcode::read, -1, into.data(), 1, 0),
        {.code = opcode::fsync, .fd = fd},
        {.code = opcode::poll_add, .fd = fd, .op_flags = 1},
    };
    for (const request& head : heads) {
      b.start(linked(head), 1);
      b.start(linked({.code = opcode::nop}), 2);
      b.start({.code = opcode::nop}, 3);
      note_results(b, a, 3);
    }
    ::close(fd);
  });
}

/// Linux goes on after an error of these, so that they may be the last of a chain only.
TEST(chain_conformance, an_error_of_many_operations_breaks_nothing) {
  const test::temp_dir dir;
  const std::string none = dir.path() / "none";
  const std::string into_none = dir.path() / "none/none";
  const std::string path = dir.make("file", "four");
  same_on_both([&](bench& b, answers& a) {
    const test::pipe_pair pipe;
    const file reader = pipe.reader();
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct statx about{};
    const int unconnected = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto named = [&](opcode code, std::uint64_t second = 0) {
      return request{.code = code,
                     .fd = AT_FDCWD,
                     .offset = second,
                     .address = address_of(none.c_str()),
                     .length = 0};
    };
    const auto two_names = [&](opcode code) {
      request r = named(code, address_of(into_none.c_str()));
      if (code != opcode::symlinkat) r.length = static_cast<std::uint32_t>(AT_FDCWD);
      return r;
    };
    request folder = named(opcode::mkdirat);
    folder.address = address_of(into_none.c_str());
    request examine = named(opcode::statx, address_of(&about));
    examine.length = STATX_BASIC_STATS;
    const request heads[] = {
        {.code = opcode::fsync, .fd = reader.fd()},
        {.code = opcode::fallocate, .fd = fd, .address = 10},
        {.code = opcode::ftruncate, .fd = fd, .offset = 1},
        {.code = opcode::shutdown, .fd = unconnected, .length = SHUT_WR},
        named(opcode::unlinkat),
        two_names(opcode::renameat),
        two_names(opcode::linkat),
        two_names(opcode::symlinkat),
        folder,
        examine,
        {.code = opcode::fadvise, .fd = reader.fd(), .length = 1},
    };
    for (const request& head : heads) {
      b.start(linked(head), 1);
      b.start({.code = opcode::nop}, 2);
      note_results(b, a, 2);
    }
    ::close(unconnected);
    ::close(fd);
  });
}

TEST(chain_conformance, one_that_cannot_be_begun_ends_those_before_it_too) {
  const test::temp_dir dir;
  const std::string path = dir.make("file", "four");
  same_on_both([&](bench& b, answers& a) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    std::array<char, 8> into{};
    std::array<iovec, 1> pieces = {iovec{into.data(), into.size()}};
    const request second[] = {
        transfer(opcode::readv, fd, pieces.data(), 1025, 0),
        transfer(opcode::read, -1, into.data(), 1, 0),
    };
    for (const request& bad : second) {
      b.start(linked(transfer(opcode::read, fd, into.data(), 4, 0)), 1);
      b.start(linked(bad), 2);
      b.start({.code = opcode::nop}, 3);
      note_results(b, a, 3);
    }
    ::close(fd);
  });
}

TEST(chain_conformance, a_short_send_or_receive_breaks_the_rest_only_where_it_waits_for_all) {
  same_on_both([](bench& b, answers& a) {
    std::array<int, 2> ends{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    std::array<char, 8> into{};
    for (const std::uint32_t flags : {std::uint32_t{0}, std::uint32_t{MSG_WAITALL}}) {
      note(a, "put", ::write(ends[1], "four", 4));
      if (flags != 0) ::shutdown(ends[1], SHUT_WR);
      b.start(linked({.code = opcode::recv,
                      .fd = ends[0],
                      .address = address_of(into.data()),
                      .length = 8,
                      .op_flags = flags}),
              1);
      b.start({.code = opcode::nop}, 2);
      note_results(b, a, 2);
    }
    ::close(ends[0]);
    ::close(ends[1]);
  });
}

TEST(chain_conformance, a_chain_ends_with_its_enter) {
  same_on_both([](bench& b, answers& a) {
    const test::pipe_pair pipe;
    const file reader = pipe.reader();
    std::array<char, 3> into{};
    b.start(linked(transfer(opcode::read, reader.fd(), into.data(), 3, here)), 1);
    note(a, "submitted", b.enter(0));
    note(a, "what comes after it does not wait", b.run({.code = opcode::nop}));
    pipe.put("abc");
    note(a, "result", b.result_of(1));
  });
}

}  // namespace
}  // namespace carousel
