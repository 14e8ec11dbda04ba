// A pool of as many threads as transfers may be in flight, each in pread or pwrite. They share a
// counter and no queue: the least that a thread pool can cost.

#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <cerrno>
#include <thread>

#include "transfer/engine.hpp"

namespace bench {
namespace {

class thread_pool final : public engine {
 public:
  thread_pool(const plan& p, int fd, bool without_waiting)
      : plan_(p),
        fd_(fd),
        without_waiting_(without_waiting),
        memory_(p.block * p.depth),
        gate_(p.depth) {
    for (unsigned i = 1; i < p.depth; ++i) {
      threads_.emplace_back([this, i] {
        for (;;) {
          gate_.arrive_and_wait();
          if (work_ == nullptr) return;
          transfer_blocks(i);
          gate_.arrive_and_wait();
        }
      });
    }
  }
  ~thread_pool() override {
    work_ = nullptr;
    if (!threads_.empty()) (void)gate_.arrive();
    threads_.clear();
  }

  void run(std::uint64_t count, work& w) override {
    work_ = &w;
    count_ = count;
    claimed_ = 0;
    if (!threads_.empty()) gate_.arrive_and_wait();
    transfer_blocks(0);
    if (!threads_.empty()) gate_.arrive_and_wait();
    w.skip(count);
  }

 private:
  void transfer_blocks(unsigned i) {
    std::byte* buffer = memory_.data() + i * plan_.block;
    for (std::uint64_t n = claimed_++; n < count_; n = claimed_++) {
      const std::uint64_t offset = work_->peek(n);
      const auto at = static_cast<off_t>(offset);
      ssize_t result = 0;
      if (plan_.writes) {
        work_->stamp(buffer, offset);
        result = ::pwrite(fd_, buffer, plan_.block, at);
      } else if (without_waiting_) {
        const iovec whole{.iov_base = buffer, .iov_len = plan_.block};
        result = ::preadv2(fd_, &whole, 1, at, RWF_NOWAIT);
      } else {
        result = ::pread(fd_, buffer, plan_.block, at);
      }
      work_->check(result < 0 ? -errno : result, buffer, offset);
    }
  }

  plan plan_;
  int fd_;
  bool without_waiting_;
  pages memory_;
  work* work_ = nullptr;
  std::uint64_t count_ = 0;
  std::atomic<std::uint64_t> claimed_{0};
  std::barrier<> gate_;
  std::vector<std::jthread> threads_;
};

}  // namespace

std::unique_ptr<engine> by_threads(const plan& p, int fd, bool without_waiting) {
  return std::make_unique<thread_pool>(p, fd, without_waiting);
}

}  // namespace bench
