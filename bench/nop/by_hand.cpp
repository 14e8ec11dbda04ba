#include "common/hand_ring.hpp"
#include "nop/engine.hpp"

namespace bench {
namespace {

template <class Ring>
class hand_loop final : public nop_engine {
 public:
  explicit hand_loop(unsigned batch) : batch_(batch) {}

  void run(std::uint64_t count) override {
    std::uint64_t started = 0;
    std::uint64_t finished = 0;
    for (; started < batch_ && started < count; ++started) io_uring_prep_nop(ring_.next_sqe());
    while (finished < count) {
      ring_.submit();
      finished += ring_.reap([&](const io_uring_cqe& cqe) {
        if (cqe.res != 0) fail("a NOP failed");
        if (started < count) {
          io_uring_prep_nop(ring_.next_sqe());
          ++started;
        }
      });
    }
  }

 private:
  unsigned batch_;
  Ring ring_;
};

}  // namespace

std::unique_ptr<nop_engine> nops_by_hand(unsigned batch) {
  return std::make_unique<hand_loop<liburing_ring>>(batch);
}

std::unique_ptr<nop_engine> nops_by_inline_hand(unsigned batch) {
  return std::make_unique<hand_loop<inline_ring>>(batch);
}

}  // namespace bench
