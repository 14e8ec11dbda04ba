// The loop that an expert writes on bare liburing, and nothing else: single issuer, deferred task work, registered ring
// descriptor, registered file, fixed buffers, one submission per batch. Cached transfers finish while they are submitted, so it
// submits first and waits only if nothing is there; for a device one call submits and waits.

#include <liburing.h>

#include <system_error>

#include "transfer/engine.hpp"

namespace bench {
namespace {

class hand_loop final : public engine {
 public:
  hand_loop(const plan& p, int fd, memory_kind memory)
      : plan_(p),
        fixed_(memory.registered),
        memory_(p.block * p.depth, memory.huge),
        offsets_(p.depth) {
    io_uring_params params{};
    params.flags =
        IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    check(io_uring_queue_init_params(256, &ring_, &params), "io_uring_queue_init");
    check(io_uring_register_ring_fd(&ring_), "io_uring_register_ring_fd");
    check(io_uring_register_files(&ring_, &fd, 1), "io_uring_register_files");
    if (!fixed_) return;
    std::vector<iovec> buffers;
    for (unsigned i = 0; i < p.depth; ++i) buffers.push_back({buffer(i), p.block});
    check(io_uring_register_buffers(&ring_, buffers.data(), p.depth), "io_uring_register_buffers");
  }
  hand_loop(const hand_loop&) = delete;
  hand_loop& operator=(const hand_loop&) = delete;
  ~hand_loop() override { io_uring_queue_exit(&ring_); }

  void run(std::uint64_t count, work& w) override {
    std::uint64_t started = 0;
    std::uint64_t finished = 0;
    for (; started < plan_.depth && started < count; ++started)
      start(static_cast<unsigned>(started), w);
    while (finished < count) {
      submit();
      unsigned head = 0;
      unsigned seen = 0;
      io_uring_cqe* cqe = nullptr;
      io_uring_for_each_cqe(&ring_, head, cqe) {
        const auto i = static_cast<unsigned>(cqe->user_data);
        w.check(cqe->res, buffer(i), offsets_[i]);
        ++seen;
        if (started < count) {
          start(i, w);
          ++started;
        }
      }
      io_uring_cq_advance(&ring_, seen);
      finished += seen;
    }
  }

 private:
  static void check(int result, const char* what) {
    if (result < 0) fail(what + (": " + std::generic_category().message(-result)));
  }
  std::byte* buffer(unsigned i) noexcept { return memory_.data() + i * plan_.block; }

  void submit() {
    if (plan_.direct) {
      check(io_uring_submit_and_wait(&ring_, 1), "io_uring_submit_and_wait");
      return;
    }
    check(io_uring_submit(&ring_), "io_uring_submit");
    if (io_uring_cq_ready(&ring_) == 0)
      check(io_uring_submit_and_wait(&ring_, 1), "io_uring_submit_and_wait");
  }

  void start(unsigned i, work& w) {
    const std::uint64_t offset = w.next();
    offsets_[i] = offset;
    const auto bytes = static_cast<unsigned>(plan_.block);
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    if (plan_.writes) {
      w.stamp(buffer(i), offset);
      if (fixed_) {
        io_uring_prep_write_fixed(sqe, 0, buffer(i), bytes, offset, static_cast<int>(i));
      } else {
        io_uring_prep_write(sqe, 0, buffer(i), bytes, offset);
      }
    } else if (fixed_) {
      io_uring_prep_read_fixed(sqe, 0, buffer(i), bytes, offset, static_cast<int>(i));
    } else {
      io_uring_prep_read(sqe, 0, buffer(i), bytes, offset);
    }
    sqe->flags = IOSQE_FIXED_FILE;
    sqe->user_data = i;
  }

  plan plan_;
  bool fixed_;
  pages memory_;
  std::vector<std::uint64_t> offsets_;  ///< of the transfer that uses the buffer
  io_uring ring_{};
};

}  // namespace

std::unique_ptr<engine> by_hand(const plan& p, int fd, memory_kind memory) {
  return std::make_unique<hand_loop>(p, fd, memory);
}

}  // namespace bench
