// What one more of something takes of the program's own memory, while it waits.

#include <fmt/core.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <carousel/carousel.hpp>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "common/need.hpp"
#include "footprint/asio_connections.hpp"

namespace bench {
namespace {

using namespace carousel;

/// What the allocator has given out.
double heap_bytes() {
  const struct mallinfo2 told = ::mallinfo2();
  return static_cast<double>(told.uordblks + told.hblkhd);
}

task<> wait_for(event& never) { (void)co_await never.wait(); }
task<> wait_with_deadline(event& never) {
  (void)co_await timeout(std::chrono::hours(1), never.wait());
}
task<> wait_for_buffer(const fixed_buf_pool& empty, std::size_t capacity) {
  (void)co_await empty.next(capacity);
}
task<> wait_for_byte(file from) { (void)co_await from.read(std::vector<char>(1)); }
task<> wait_for_bytes(unix_stream from, buf_group group) {
  const receive_stream in = from.receive(group);
  (void)co_await in.next();
}

/// Ends of connections whose other ends somebody else has.
class connected_peers {
 public:
  explicit connected_peers(std::size_t most) { peers_.reserve(most); }
  connected_peers(const connected_peers&) = delete;
  connected_peers& operator=(const connected_peers&) = delete;
  ~connected_peers() {
    for (const int peer : peers_) ::close(peer);
  }
  /// The other end, for the caller to close.
  int connect() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
      fail("there is no descriptor left for a connection: raise `ulimit -n`");
    peers_.push_back(ends[1]);
    return ends[0];
  }

 private:
  std::vector<int> peers_;
};

/// How much `count` things take more than a tenth of them do: what the first ones take once does
/// not count. `add` makes so many.
task<> print_slope(const char* what, std::size_t count, std::function<void(std::size_t)> add) {
  const auto heap_with = [&](std::size_t more) -> task<double> {
    add(more);
    for (int turns = 0; turns < 3; ++turns) co_await yield();
    co_return heap_bytes();
  };
  const std::size_t first = count / 10;
  const double before = co_await heap_with(first);
  const double after = co_await heap_with(count - first);
  fmt::print("{:52} {:>9} {:>10.0f}\n", what, count,
             (after - before) / static_cast<double>(count - first));
}

/// Tasks of one kind, all of them waiting, in a thread of their own: what the others have left to
/// its cache of blocks would not be counted.
template <class Spawn>
void print_tasks(const char* what, std::size_t count, Spawn spawn_one) {
  std::thread([&] {
    std::vector<join_handle<void>> all;
    all.reserve(count);
    start([&] {
      return print_slope(what, count, [&](std::size_t more) {
        for (; more > 0; --more) all.push_back(spawn_one());
      });
    });
  }).join();
}

void print_all(std::size_t tasks, std::size_t connections, std::size_t runtimes) {
  constexpr std::size_t capacity = 4096;
  fmt::print("{:52} {:>9} {:>10}\n", "one more", "of", "bytes");
  event never;
  print_tasks("task that waits for an event", tasks,
              [&] { return spawn(wait_for, std::ref(never)); });
  print_tasks("the same with a deadline", tasks,
              [&] { return spawn(wait_with_deadline, std::ref(never)); });
  const fixed_buf_pool pool = need(fixed_buf_pool::make({{.capacity = capacity, .count = 65}}));
  {
    std::vector<fixed_buf> out;
    while (auto lease = pool.try_next(capacity)) out.push_back(std::move(*lease));
    print_tasks("task that waits for a buffer", tasks,
                [&] { return spawn(wait_for_buffer, std::cref(pool), capacity); });
  }
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) fail("there is no descriptor left for a pipe");
  {
    const file reader = file::from_fd(ends[0]);
    print_tasks("task with a read in the kernel, 1 byte of its own", tasks / 50,
                [&] { return spawn(wait_for_byte(reader)); });
  }
  ::close(ends[1]);
  const buf_group group = need(pool.group(capacity, 64));
  {
    connected_peers peers(connections);
    print_tasks("connection that waits in a receive_stream", connections, [&] {
      return spawn(wait_for_bytes(unix_stream::from_fd(peers.connect()), group));
    });
  }
  std::thread([&] {
    connected_peers peers(connections);
    asio_connections waiting;
    start([&] {
      return print_slope("Asio: coroutine that waits for its 4 KiB", connections,
                         [&](std::size_t more) {
                           for (; more > 0; --more) waiting.add(peers.connect());
                         });
    });
  }).join();
  std::vector<runtime> made;
  made.reserve(runtimes);
  start([&] {
    return print_slope("runtime that has done nothing", runtimes, [&](std::size_t more) {
      for (; more > 0; --more) made.push_back(need(runtime::make()));
    });
  });
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  CLI::App app("What one more of something takes of the program's own memory, while it waits");
  bool quick = false;
  app.add_flag("--quick", quick, "prove that it works; the figures mean nothing");
  CLI11_PARSE(app, argc, argv);
  ::mallopt(M_ARENA_MAX, 1);  // the only one that is counted
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  if (quick) {
    bench::print_all(100, 20, 10);
  } else {
    bench::print_all(1'000'000, 9'000, 500);
  }
}
