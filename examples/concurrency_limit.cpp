// A pool as a limit: any number of tasks may start, but only as many read at a time as there are
// buffers. next() lets the others wait, first come, first served.

#include <algorithm>
#include <cstdio>
#include <vector>

#include "carousel/carousel.hpp"

using namespace carousel;

namespace {

constexpr std::size_t limit = 4;
constexpr int tasks = 100;

struct gauge {
  std::size_t now = 0;
  std::size_t most = 0;
};

task<std::size_t> read_one(fixed_buf_pool pool, file in, gauge& running) {
  fixed_buf lease = or_throw(co_await pool.next(4096));
  running.most = std::max(running.most, ++running.now);
  const auto [n, buf] = or_throw(co_await in.read_fixed_at(std::move(lease), 0));
  --running.now;
  co_return n;
}

task<> read_many(const char* path) {
  auto pool = or_throw(fixed_buf_pool::make({{.capacity = 4096, .count = limit}}));
  or_throw(pool.register_buffers());
  const file in = or_throw(co_await file::open(path));

  gauge running;
  std::vector<join_handle<std::size_t>> reads;
  reads.reserve(tasks);
  for (int i = 0; i < tasks; ++i) {
    reads.push_back(spawn([&running, pool, in] { return read_one(pool, in, running); }));
  }
  std::size_t total = 0;
  for (auto& read : reads) total += co_await std::move(read);
  std::printf("%d tasks read %zu bytes, at most %zu of them at a time\n", tasks, total,
              running.most);
}

}  // namespace

int main(int argc, char** argv) {
  start([&] { return read_many(argc > 1 ? argv[1] : "/etc/hostname"); });
}
