// A program that has an event loop already - of a window system, of a server - and reads a file on
// the same thread meanwhile.
//
//   usage: own_loop [FILE]      try it on a pipe: (sleep 1; echo late) | own_loop /dev/stdin

#include <poll.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>

#include "carousel/carousel.hpp"

using namespace carousel;

namespace {

task<> print(const char* path) {
  const file in = or_throw(co_await file::open(path));
  owned_bytes some = owned_bytes::with_capacity(4096);
  for (;;) {
    auto [res, buf] = co_await in.read(std::move(some));
    some = std::move(buf);
    if (or_throw(res) == 0) co_return;
    std::fwrite(some.bytes().data(), 1, some.bytes().size(), stdout);
  }
}

task<join_handle<void>> begin(const char* path) { co_return spawn(print, path); }

// As poll(2) counts it; a wait without end is cut to an hour.
int milliseconds_of(std::chrono::nanoseconds wait) {
  const auto at_most = std::min<std::chrono::nanoseconds>(wait, std::chrono::hours(1));
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(at_most).count());
}

}  // namespace

int main(int argc, char** argv) {
  runtime rt = or_throw(runtime::make());
  join_handle<void> printing = rt.block_on(begin(argc > 1 ? argv[1] : "/etc/hostname"));

  std::array<pollfd, 1> watched = {};
  watched[0].fd = or_throw(rt.event_fd());
  watched[0].events = POLLIN;
  while (!printing.done()) {
    ::poll(watched.data(), watched.size(), milliseconds_of(rt.may_wait()));
    // ... what else the program watches is looked after here ...
    std::uint64_t count = 0;
    if (watched[0].revents != 0) (void)!::read(watched[0].fd, &count, sizeof count);
    or_throw(rt.poll());
  }
}
