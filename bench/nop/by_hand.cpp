#include <liburing.h>

#include "common/machine.hpp"
#include "nop/engine.hpp"

namespace bench {
namespace {

class hand_loop final : public nop_engine {
 public:
  explicit hand_loop(unsigned batch) : batch_(batch) {
    io_uring_params params{};
    params.flags =
        IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    if (io_uring_queue_init_params(256, &ring_, &params) < 0 ||
        io_uring_register_ring_fd(&ring_) < 0)
      fail("cannot make a ring");
  }
  hand_loop(const hand_loop&) = delete;
  hand_loop& operator=(const hand_loop&) = delete;
  ~hand_loop() override { io_uring_queue_exit(&ring_); }

  void run(std::uint64_t count) override {
    std::uint64_t started = 0;
    std::uint64_t finished = 0;
    for (; started < batch_ && started < count; ++started) start();
    while (finished < count) {
      if (io_uring_submit(&ring_) < 0) fail("io_uring_submit failed");
      unsigned head = 0;
      unsigned seen = 0;
      io_uring_cqe* cqe = nullptr;
      io_uring_for_each_cqe(&ring_, head, cqe) {
        if (cqe->res != 0) fail("a NOP failed");
        ++seen;
        if (started < count) {
          start();
          ++started;
        }
      }
      io_uring_cq_advance(&ring_, seen);
      finished += seen;
    }
  }

 private:
  void start() {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    io_uring_prep_nop(sqe);
  }

  unsigned batch_;
  io_uring ring_{};
};

}  // namespace

std::unique_ptr<nop_engine> nops_by_hand(unsigned batch) {
  return std::make_unique<hand_loop>(batch);
}

}  // namespace bench
