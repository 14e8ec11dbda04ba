// The copy that an expert writes on bare liburing: each block is read and written by the same fixed
// buffer, both files are registered, and one call submits what there is and waits.

#include <unistd.h>
#include <array>

#include <vector>

#include "common/hand_ring.hpp"
#include "copy/engine.hpp"

namespace bench {
namespace {

class hand_copier final : public copier {
 public:
  hand_copier(const plan& p, const copy_files& files, copy_memory memory)
      : plan_(p),
        out_(files.out),
        fixed_(memory.registered),
        memory_(p.block * p.depth, memory.huge),
        offsets_(p.depth) {
    if (p.depth > hand_ring::entries)
      fail("the hand-written loop's ring is smaller than the depth");
    ring_.register_files(std::array{files.in, files.out});
    if (fixed_) ring_.register_buffers(memory_.data(), p.block, p.depth);
  }

  void run(work& source) override {
    const std::uint64_t count = source.lap();
    std::uint64_t started = 0;
    std::uint64_t finished = 0;
    for (; started < plan_.depth && started < count; ++started)
      read_next(static_cast<unsigned>(started), source);
    while (finished < count) {
      ring_.submit_and_wait();
      (void)ring_.reap([&](const io_uring_cqe& cqe) {
        const auto i = static_cast<unsigned>(cqe.user_data >> 1U);
        source.check(cqe.res, buffer(i), offsets_[i]);
        if ((cqe.user_data & 1U) == 0) {
          write_back(i);
          return;
        }
        ++finished;
        if (started < count) {
          ++started;
          read_next(i, source);
        }
      });
    }
    if (::fdatasync(out_) != 0) fail_errno("fdatasync");
  }

 private:
  std::byte* buffer(unsigned i) noexcept { return memory_.data() + i * plan_.block; }

  void read_next(unsigned i, work& source) {
    offsets_[i] = source.next();
    io_uring_sqe* sqe = ring_.next_sqe();
    const auto bytes = static_cast<unsigned>(plan_.block);
    if (fixed_) {
      io_uring_prep_read_fixed(sqe, 0, buffer(i), bytes, offsets_[i], static_cast<int>(i));
    } else {
      io_uring_prep_read(sqe, 0, buffer(i), bytes, offsets_[i]);
    }
    sqe->flags = IOSQE_FIXED_FILE;
    sqe->user_data = std::uint64_t{i} << 1U;
  }
  void write_back(unsigned i) {
    io_uring_sqe* sqe = ring_.next_sqe();
    const auto bytes = static_cast<unsigned>(plan_.block);
    if (fixed_) {
      io_uring_prep_write_fixed(sqe, 1, buffer(i), bytes, offsets_[i], static_cast<int>(i));
    } else {
      io_uring_prep_write(sqe, 1, buffer(i), bytes, offsets_[i]);
    }
    sqe->flags = IOSQE_FIXED_FILE;
    sqe->user_data = (std::uint64_t{i} << 1U) | 1U;
  }

  plan plan_;
  int out_;
  bool fixed_;
  pages memory_;
  std::vector<std::uint64_t> offsets_;  ///< of the block in the buffer
  liburing_ring ring_;
};

}  // namespace

std::unique_ptr<copier> copy_by_hand(const plan& p, const copy_files& files, copy_memory memory) {
  return std::make_unique<hand_copier>(p, files, memory);
}

}  // namespace bench
