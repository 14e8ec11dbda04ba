// What one read_fixed_at costs against the hand-written loop doing the same reads: both in this process, in turn, in slices,
// and only the ratios count.
//
//   usage: read_fixed [FILE [BLOCK_BYTES [SPAN_BYTES [ROUNDS]]]]     default: a file of its own, 4096, 1 MiB, 15

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <carousel/carousel.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "hand_loop.hpp"

namespace {

using namespace carousel;
using steady = std::chrono::steady_clock;

void pin_to_this_cpu() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<unsigned>(sched_getcpu()), &one);
  sched_setaffinity(0, sizeof one, &one);
}

task<> reader(file f, fixed_buf_pool pool, std::size_t block, std::uint64_t& left,
              bench::offsets& where, bool keep) {
  auto buf = *co_await pool.next(block);
  while (left > 0) {
    --left;
    auto [res, back] = co_await f.read_fixed_at(std::move(buf), where.next());
    if (!res || *res != block) {
      std::fprintf(stderr, "carousel: a read failed\n");
      std::exit(1);
    }
    if (keep) {
      buf = std::move(back);
    } else {
      {
        const fixed_buf returned = std::move(back);
      }
      buf = *co_await pool.next(block);
    }
  }
}

task<> read_all(file f, fixed_buf_pool pool, std::size_t block, unsigned depth, std::uint64_t count,
                bench::offsets& where, bool keep) {
  std::vector<join_handle<void>> readers;
  for (unsigned i = 0; i < depth; ++i) {
    readers.push_back(spawn(reader, f, pool, block, std::ref(count), std::ref(where), keep));
  }
  for (auto& r : readers) co_await std::move(r);
}

task<> register_with(fixed_buf_pool pool) {
  if (!pool.register_buffers() || pool.registered() != registration::fixed) {
    std::fprintf(stderr, "the kernel refused the registration; raise RLIMIT_MEMLOCK\n");
    std::exit(1);
  }
  co_return;
}

double seconds(auto&& f) {
  const auto before = steady::now();
  f();
  return std::chrono::duration<double>(steady::now() - before).count();
}

double median(std::vector<double> v) {
  std::ranges::sort(v);
  return v[v.size() / 2];
}

void compare(const char* path, std::size_t block, std::size_t span, unsigned depth,
             unsigned rounds) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    std::perror(path);
    std::exit(1);
  }
  auto memory = *arena::make(block * depth);
  bench::hand_loop hand(fd, memory.bytes().data(), block, depth);
  auto rt = *runtime::make();
  auto pool = *fixed_buf_pool::make({{block, depth}});
  rt.block_on(register_with(pool));
  const file f = file::from_fd(::dup(fd));
  bench::offsets where(span, block);

  std::uint64_t count = 1000;
  while (seconds([&] { hand.read(count, where); }) < 0.1) count *= 2;
  std::vector<double> keep_ratio;
  std::vector<double> pool_ratio;
  std::vector<double> hand_rate;
  for (unsigned round = 0; round <= rounds; ++round) {
    const double by_hand = seconds([&] { hand.read(count, where); });
    const double keeping =
        seconds([&] { rt.block_on(read_all(f, pool, block, depth, count, where, true)); });
    const double rotating =
        seconds([&] { rt.block_on(read_all(f, pool, block, depth, count, where, false)); });
    const double again = seconds([&] { hand.read(count, where); });
    if (round == 0) continue;  // warm-up
    const double base = (by_hand + again) / 2;
    keep_ratio.push_back(base / keeping);
    pool_ratio.push_back(base / rotating);
    hand_rate.push_back(static_cast<double>(count) / base);
  }
  const auto [low, high] = std::ranges::minmax(keep_ratio);
  std::printf("%9zu %5u %12.0f %10.3f %10.3f   [%.3f-%.3f] %8.1f\n", block, depth,
              median(hand_rate), median(keep_ratio), median(pool_ratio), low, high,
              1e9 / median(hand_rate) * (1 / median(keep_ratio) - 1));
  ::close(fd);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t block = argc > 2 ? std::stoul(argv[2]) : 4096;
  const std::size_t span = argc > 3 ? std::stoul(argv[3]) : std::size_t{1} << 20U;
  const unsigned rounds = argc > 4 ? static_cast<unsigned>(std::stoul(argv[4])) : 15;
  std::string path = argc > 1 ? argv[1] : "read_fixed.XXXXXX";
  if (argc < 2) {
    const int fd = mkstemp(path.data());
    const std::vector<char> content(span, 'x');
    if (fd < 0 || ::write(fd, content.data(), span) != static_cast<ssize_t>(span)) {
      std::perror(path.c_str());
      return 1;
    }
    fsync(fd);
    ::close(fd);
  }
  pin_to_this_cpu();
  std::printf(
      "reads per second of the hand-written loop, and carousel's rate over it (median, %u "
      "rounds)\n",
      rounds);
  std::printf("    block depth   hand ops/s   one lease   via pool   [one lease]     ns/op\n");
  for (const unsigned depth : {1U, 32U}) compare(path.c_str(), block, span, depth, rounds);
  if (argc < 2) ::unlink(path.c_str());
}
