// The copy that an expert writes on bare liburing: each block is read and written by the same fixed buffer, both files are
// registered, and one call submits what there is and waits.

#include <liburing.h>

#include <system_error>
#include <vector>

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
    io_uring_params params{};
    params.flags =
        IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    check(io_uring_queue_init_params(64, &ring_, &params), "io_uring_queue_init");
    check(io_uring_register_ring_fd(&ring_), "io_uring_register_ring_fd");
    const int both[2] = {files.in, files.out};
    check(io_uring_register_files(&ring_, both, 2), "io_uring_register_files");
    if (!fixed_) return;
    std::vector<iovec> buffers;
    for (unsigned i = 0; i < p.depth; ++i) buffers.push_back({buffer(i), p.block});
    check(io_uring_register_buffers(&ring_, buffers.data(), p.depth), "io_uring_register_buffers");
  }
  hand_copier(const hand_copier&) = delete;
  hand_copier& operator=(const hand_copier&) = delete;
  ~hand_copier() override { io_uring_queue_exit(&ring_); }

  void run(work& source) override {
    const std::uint64_t count = source.lap();
    std::uint64_t started = 0;
    std::uint64_t finished = 0;
    for (; started < plan_.depth && started < count; ++started)
      read_next(static_cast<unsigned>(started), source);
    while (finished < count) {
      check(io_uring_submit_and_wait(&ring_, 1), "io_uring_submit_and_wait");
      unsigned head = 0;
      unsigned seen = 0;
      io_uring_cqe* cqe = nullptr;
      io_uring_for_each_cqe(&ring_, head, cqe) {
        const auto i = static_cast<unsigned>(cqe->user_data >> 1U);
        source.check(cqe->res, buffer(i), offsets_[i]);
        ++seen;
        if ((cqe->user_data & 1U) == 0) {
          write_back(i);
          continue;
        }
        ++finished;
        if (started < count) {
          ++started;
          read_next(i, source);
        }
      }
      io_uring_cq_advance(&ring_, seen);
    }
    if (::fdatasync(out_) != 0) fail_errno("fdatasync");
  }

 private:
  static void check(int result, const char* what) {
    if (result < 0) fail(what + (": " + std::generic_category().message(-result)));
  }
  std::byte* buffer(unsigned i) noexcept { return memory_.data() + i * plan_.block; }

  void read_next(unsigned i, work& source) {
    offsets_[i] = source.next();
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
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
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
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
  io_uring ring_{};
};

}  // namespace

std::unique_ptr<copier> copy_by_hand(const plan& p, const copy_files& files, copy_memory memory) {
  return std::make_unique<hand_copier>(p, files, memory);
}

}  // namespace bench
