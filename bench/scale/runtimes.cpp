#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <barrier>
#include <functional>
#include <thread>
#include <utility>

#include "common/machine.hpp"
#include "common/work.hpp"
#include "nop/engine.hpp"
#include "scale/engine.hpp"
#include "transfer/engine.hpp"

namespace bench {
namespace {

using worker = std::function<void(std::uint64_t count)>;

worker does_nops() {
  const std::shared_ptr<nop_engine> e = nops_by_carousel(32, timer_set::no);
  return [e](std::uint64_t count) { e->run(count); };
}

worker reads(std::string path) {
  const plan what{.path = std::move(path)};
  const auto w = std::make_shared<work>(what);
  w->write_file();
  const int fd = ::open(what.path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail_errno(what.path);
  const std::shared_ptr<engine> e = by_carousel(what, fd, {.kept = true});
  w->be_thorough(true);
  e->run(w->lap(), *w);
  w->be_thorough(false);
  return [w, e](std::uint64_t count) { e->run(count, *w); };
}

void run_on(unsigned cpu) {
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(cpu, &only);
  if (::pthread_setaffinity_np(::pthread_self(), sizeof only, &only) != 0)
    fail("cannot choose a processor");
}

class several_runtimes final : public scale_engine {
 public:
  several_runtimes(scale_work what, unsigned runtimes, const std::string& path)
      : gate_(runtimes + 1) {
    const std::vector<unsigned> cpus = cpus_of_this_process();
    for (unsigned i = 0; i < runtimes; ++i) {
      threads_.emplace_back([this, what, i, path, cpu = cpus[i % cpus.size()]] {
        run_on(cpu);
        const worker mine =
            what == scale_work::nops ? does_nops() : reads(path + '-' + std::to_string(i));
        gate_.arrive_and_wait();  // no slice is of what is made once
        for (;;) {
          gate_.arrive_and_wait();
          if (share_ == 0) return;
          mine(share_);
          gate_.arrive_and_wait();
        }
      });
    }
    gate_.arrive_and_wait();
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
