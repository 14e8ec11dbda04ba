// Counts the lines of files: one task names them, four workers take the names from a channel, and
// all share one pool of two buffers.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <span>
#include <string>
#include <utility>

#include "carousel/carousel.hpp"

using namespace carousel;

namespace {

constexpr std::size_t block = 65536;

struct job {
  std::string path;
  std::size_t number;
};

task<std::uint64_t> lines_of(const std::string& path, const fixed_buf_pool& pool) {
  const file in = or_throw(co_await file::open(path));
  fixed_buf some = or_throw(co_await pool.next(block));
  std::uint64_t lines = 0;
  for (std::uint64_t at = 0;;) {
    auto [n, back] = or_throw(co_await in.read_fixed_at(std::move(some), at));
    if (n == 0) co_return lines;
    lines += static_cast<std::uint64_t>(std::ranges::count(back.bytes(), std::byte{'\n'}));
    at += n;
    some = std::move(back);
  }
}

task<> work(channel<job>& jobs, const fixed_buf_pool& pool) {
  for (;;) {
    result<job> mine = co_await jobs.receive();
    if (!mine) co_return;  // the channel is closed, and empty
    const std::uint64_t lines = co_await lines_of(mine->path, pool);
    std::printf("%zu. %s: %llu lines\n", mine->number, mine->path.c_str(),
                static_cast<unsigned long long>(lines));
  }
}

task<> count_lines(std::span<char*> paths) {
  const auto pool = or_throw(fixed_buf_pool::make({{.capacity = block, .count = 2}}));
  or_throw(pool.register_buffers());
  channel<job> jobs(8);
  task_group workers;
  for (int i = 0; i < 4; ++i)
    or_throw(co_await workers.spawn(work, std::ref(jobs), std::cref(pool)));
  for (std::size_t i = 0; i < paths.size(); ++i) or_throw(co_await jobs.send(paths[i], i + 1));
  jobs.close();
  or_throw(co_await workers.wait());  // or the exception of a worker
}

}  // namespace

int main(int argc, char** argv) try {
  start([&] { return count_lines(std::span(argv, static_cast<std::size_t>(argc)).subspan(1)); });
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
