#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <barrier>
#include <carousel/carousel.hpp>
#include <random>
#include <thread>

#include "common/machine.hpp"
#include "common/need.hpp"
#include "nop/nop.hpp"
#include "scale/engine.hpp"

namespace bench {
namespace {

using namespace carousel;

constexpr unsigned tasks_each = 32;
constexpr std::size_t block = 4096;
constexpr std::size_t span = std::size_t{1}
                             << 20U;  // of each runtime: stays in the second-level cache

task<> do_nops(std::uint64_t& left) {
  while (left > 0) {
    --left;
    const result<> done = co_await nop();
    if (!done) fail("a NOP failed");
  }
}

task<> do_reads(const file& from, const fixed_buf_pool& pool, std::uint64_t begin,
                std::uint64_t& left) {
  std::minstd_rand random(42);
  auto lease = *co_await pool.next(block);
  while (left > 0) {
    --left;
    const std::uint64_t offset = begin + random() % (span / block) * block;
    auto [res, back] = co_await from.read_fixed_at(std::move(lease), offset);
    if (!res || *res != block) fail("a read failed or was short");
    lease = std::move(back);
  }
}

/// What one runtime needs for its work.
class worker {
 public:
  worker(scale_work what, unsigned number, const std::string& path)
      : what_(what), begin_(number * span) {
    if (what == scale_work::nops) return;
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) fail_errno(path);
    from_ = file::from_fd(fd);
    pool_ = need(fixed_buf_pool::make({{.capacity = block, .count = tasks_each}}));
    runtime_.block_on([](const fixed_buf_pool& pool) -> task<> {
      if (!pool.register_buffers())
        fail("the kernel refused to register the buffers (see ulimit -l)");
      co_return;
    }(*pool_));
  }
  void run(std::uint64_t count) {
    runtime_.block_on([](worker& self, std::uint64_t left) -> task<> {
      std::vector<join_handle<void>> all;
      all.reserve(tasks_each);
      for (unsigned i = 0; i < tasks_each; ++i) {
        all.push_back(self.what_ == scale_work::nops
                          ? spawn(do_nops, std::ref(left))
                          : spawn(do_reads, std::cref(*self.from_), std::cref(*self.pool_),
                                  self.begin_, std::ref(left)));
      }
      for (auto& one : all) co_await std::move(one);
    }(*this, count));
  }

 private:
  scale_work what_;
  std::uint64_t begin_;
  runtime runtime_ = need(runtime::make());
  std::optional<fixed_buf_pool> pool_;
  std::optional<file> from_;
};

void run_on(unsigned cpu) {
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(cpu, &only);
  if (::pthread_setaffinity_np(::pthread_self(), sizeof only, &only) != 0)
    fail("cannot choose a processor");
}

void write_file(const std::string& path, std::size_t bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) fail_errno(path);
  const std::vector<char> content(bytes, 'x');
  if (::pwrite(fd, content.data(), bytes, 0) != static_cast<ssize_t>(bytes) || ::fsync(fd) != 0)
    fail_errno(path);
  ::close(fd);
}

class several_runtimes final : public scale_engine {
 public:
  several_runtimes(scale_work what, unsigned runtimes, const std::string& path)
      : gate_(runtimes + 1) {
    if (what == scale_work::reads) write_file(path, runtimes * span);
    const std::vector<unsigned> cpus = cpus_of_this_process();
    for (unsigned i = 0; i < runtimes; ++i) {
      threads_.emplace_back([this, what, i, path, cpu = cpus[i % cpus.size()]] {
        run_on(cpu);
        worker mine(what, i, path);
        for (;;) {
          gate_.arrive_and_wait();
          if (share_ == 0) return;
          mine.run(share_);
          gate_.arrive_and_wait();
        }
      });
    }
  }
  several_runtimes(const several_runtimes&) = delete;
  several_runtimes& operator=(const several_runtimes&) = delete;
  ~several_runtimes() override {
    share_ = 0;
    (void)gate_.arrive();
  }

  void run(std::uint64_t count) override {
    share_ = count / threads_.size() + 1;
    gate_.arrive_and_wait();
    gate_.arrive_and_wait();
  }

 private:
  std::uint64_t share_ = 0;  ///< of each; 0: they end
  std::barrier<> gate_;
  std::vector<std::jthread> threads_;
};

}  // namespace

std::vector<unsigned> cpus_of_this_process() {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0)
    fail_errno("the processors of this process");
  std::vector<unsigned> all;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &allowed)) all.push_back(cpu);
  }
  return all;
}

std::unique_ptr<scale_engine> runtimes_at_work(scale_work what, unsigned runtimes,
                                               const std::string& path) {
  return std::make_unique<several_runtimes>(what, runtimes, path);
}

}  // namespace bench
