// The loop that an expert writes on bare liburing, and nothing else: single issuer, deferred task
// work, registered ring descriptor, registered file, fixed buffers, one submission per batch.
// Cached transfers finish while they are submitted, so it submits first and waits only if nothing
// is there; for a device one call submits and waits.

#include "common/hand_ring.hpp"
#include "transfer/engine.hpp"

namespace bench {
namespace {

template <class Ring>
class hand_loop final : public engine {
 public:
  hand_loop(const plan& p, int fd, memory_kind memory)
      : plan_(p),
        fixed_(memory.registered),
        memory_(p.block * p.depth, memory.huge),
        offsets_(p.depth) {
    if (p.depth > hand_ring::entries)
      fail("the hand-written loop's ring is smaller than the depth");
    ring_.register_files({&fd, 1});
    if (fixed_) ring_.register_buffers(memory_.data(), p.block, p.depth);
  }

  void run(std::uint64_t count, work& w) override {
    std::uint64_t started = 0;
    std::uint64_t finished = 0;
    for (; started < plan_.depth && started < count; ++started)
      start(static_cast<unsigned>(started), w);
    while (finished < count) {
      submit();
      finished += ring_.reap([&](const io_uring_cqe& cqe) {
        const auto i = static_cast<unsigned>(cqe.user_data);
        w.check(cqe.res, buffer(i), offsets_[i]);
        if (started < count) {
          start(i, w);
          ++started;
        }
      });
    }
  }

 private:
  std::byte* buffer(unsigned i) noexcept { return memory_.data() + i * plan_.block; }

  void submit() {
    if (plan_.direct) {
      ring_.submit_and_wait();
      return;
    }
    ring_.submit();
    if (!ring_.any_completion()) ring_.submit_and_wait();
  }

  void start(unsigned i, work& w) {
    const std::uint64_t offset = w.next();
    offsets_[i] = offset;
    const auto bytes = static_cast<unsigned>(plan_.block);
    io_uring_sqe* sqe = ring_.next_sqe();
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
  Ring ring_;
};

}  // namespace

std::unique_ptr<engine> by_hand(const plan& p, int fd, memory_kind memory) {
  if (memory.inline_call) return std::make_unique<hand_loop<inline_ring>>(p, fd, memory);
  return std::make_unique<hand_loop<liburing_ring>>(p, fd, memory);
}

}  // namespace bench
