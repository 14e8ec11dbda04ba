#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "fake/two_kernels.hpp"
#include "support/pipe_pair.hpp"
#include "support/temp_dir.hpp"

// Splices move the same bytes, and say no for the same reasons, on both kernels.

namespace carousel {
namespace {

using namespace fake::words;

constexpr std::uint64_t here = detail::current_position;

request splice(int from, std::uint64_t from_at, int to, std::uint64_t to_at, std::uint32_t bytes) {
  return {.code = opcode::splice,
          .fd = to,
          .offset = to_at,
          .address = from_at,
          .length = bytes,
          .file_index = static_cast<std::uint32_t>(from)};
}

request tee(int from, int to, std::uint32_t bytes) {
  return {.code = opcode::tee,
          .fd = to,
          .length = bytes,
          .file_index = static_cast<std::uint32_t>(from)};
}

TEST(splice_conformance, results) {
  const test::temp_dir dir;
  const std::string path = dir.make("file", "0123456789");
  same_on_both([&](bench& b, answers& a) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    const test::pipe_pair pipe;
    const test::pipe_pair other;
    const file in = pipe.writer();
    const file out = pipe.reader();
    const file more = other.writer();
    note(a, "file to pipe", b.run(splice(fd, 2, in.fd(), here, 4)));
    note(a, "beyond the end", b.run(splice(fd, 8, in.fd(), here, 4)));
    note(a, "at the end", b.run(splice(fd, 10, in.fd(), here, 4)));
    note(a, "at the position", b.run(splice(fd, here, in.fd(), here, 3)));
    note(a, "nothing", b.run(splice(fd, 0, in.fd(), here, 0)));
    note(a, "tee", b.run(tee(out.fd(), more.fd(), 100)));
    note(a, "what it copied", static_cast<long>(other.take().size()));
    note(a, "pipe to file", b.run(splice(out.fd(), here, fd, 0, 100)));
    note(a, "an offset of a pipe", b.run(splice(fd, 0, in.fd(), 1, 4)));
    note(a, "no pipe", b.run(splice(fd, 0, fd, 5, 2)));
    note(a, "one pipe", b.run(splice(out.fd(), here, in.fd(), here, 1)));
    note(a, "tee of a file", b.run(tee(fd, in.fd(), 1)));
    note(a, "the wrong end", b.run(splice(in.fd(), here, fd, 0, 1)));
    note(a, "no such descriptor", b.run(splice(-1, here, in.fd(), here, 1)));
    ::close(fd);
  });
}

TEST(splice_conformance, waits_for_bytes) {
  same_on_both([](bench& b, answers& a) {
    const test::pipe_pair from;
    const test::pipe_pair to;
    const file out = from.reader();
    const file in = to.writer();
    b.start(splice(out.fd(), here, in.fd(), here, 10), 1);
    note(a, "submitted", b.enter(0));
    from.put("four");
    note(a, "result", b.result_of(1));
    note(a, "there", static_cast<long>(to.take().size()));
  });
}

TEST(splice_conformance, does_not_wait_for_a_pipe_that_is_not_to) {
  same_on_both([](bench& b, answers& a) {
    const test::pipe_pair from;
    const test::pipe_pair to;
    const file out = from.reader();
    const file in = to.writer();
    note(a, "set", ::fcntl(out.fd(), F_SETFL, O_NONBLOCK));
    note(a, "splice", b.run(splice(out.fd(), here, in.fd(), here, 10)));
    note(a, "tee", b.run(tee(out.fd(), in.fd(), 10)));
    from.put("four");
    note(a, "with bytes", b.run(splice(out.fd(), here, in.fd(), here, 10)));
  });
}

}  // namespace
}  // namespace carousel
