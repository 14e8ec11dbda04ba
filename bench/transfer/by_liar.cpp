// Rivals that must be found out: the benchmark's own test.

#include <unistd.h>

#include <cerrno>

#include "transfer/engine.hpp"

namespace bench {
namespace {

class liar final : public engine {
 public:
  liar(const plan& p, int fd, fault what) : plan_(p), fd_(fd), fault_(what), memory_(p.block) {}

  void run(std::uint64_t count, work& w) override {
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t offset = w.next();
      const bool lies = i == count / 2;
      std::int64_t moved = plan_.writes ? write_at(offset, w, lies) : read_at(offset, lies);
      if (lies && fault_ == fault::failed_transfer) moved = -EIO;
      if (lies && fault_ == fault::short_transfer) moved /= 2;
      w.check(moved, memory_.data(), offset);
    }
  }

 private:
  std::int64_t read_at(std::uint64_t offset, bool lies) {
    const ssize_t got = ::pread(fd_, memory_.data(), plan_.block, static_cast<off_t>(offset));
    if (lies && fault_ == fault::wrong_bytes) memory_.data()[0] ^= std::byte{1};
    return got < 0 ? -errno : got;
  }
  std::int64_t write_at(std::uint64_t offset, const work& w, bool lies) {
    w.stamp(memory_.data(), offset);
    if (lies && fault_ == fault::lost_write) return static_cast<std::int64_t>(plan_.block);
    const ssize_t put = ::pwrite(fd_, memory_.data(), plan_.block, static_cast<off_t>(offset));
    return put < 0 ? -errno : put;
  }

  plan plan_;
  int fd_;
  fault fault_;
  pages memory_;
};

}  // namespace

std::unique_ptr<engine> by_liar(const plan& p, int fd, fault what) {
  return std::make_unique<liar>(p, fd, what);
}

}  // namespace bench
