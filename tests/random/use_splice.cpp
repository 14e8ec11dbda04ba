#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "random/tracked_bytes.hpp"
#include "random/transfers.hpp"

// Bytes of a file go into a pipe of the task's own, and are what the file has.

namespace carousel::random_test {
namespace {

/// What is in the pipe, behind the library's back.
std::vector<std::byte> taken_from(int fd) {
  std::vector<std::byte> all(shadow_file::bytes);
  const ssize_t n = ::read(fd, all.data(), all.size());
  all.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return all;
}

}  // namespace

task<> use_splice(world& w) {
  shadow_file& f = w.some_file();
  const auto drawn = f.draw(w.random, *w.kernel, 2000);
  if (!drawn || drawn->first >= shadow_file::bytes) co_return;
  const shadow_file::region where(f, drawn->first, std::min(drawn->second, shadow_file::bytes));
  std::array<int, 2> ends{};
  w.require(pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0, "no pipe to be had");
  const file out = file::from_fd(ends[0]);
  const file in = file::from_fd(ends[1]);
  bool asked = false;
  const auto moved = co_await in_some_verb(
      w, splice_bytes(f.handle(), in, where.size(), {.from = where.begin()}), asked);
  const std::vector<std::byte> came = taken_from(out.fd());
  if (!moved && !asked) w.require_injected(moved.error());
  w.require(came.size() == moved.value_or(0),
            "a splice moved another number of bytes than it says");
  w.require(where.holds(where.begin(), came), "a splice moved other bytes than the file has");
}

}  // namespace carousel::random_test
