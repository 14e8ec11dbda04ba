#pragma once

#include <liburing.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <span>

#include "common/machine.hpp"

namespace bench {

/// The ring of a hand-written loop: one thread submits, completions come when it asks for them, the
/// descriptor is registered.
class hand_ring {
 public:
  static constexpr unsigned entries = 256;

  /// liburing 2.3 submits only to a ring with an array of indices between the queue and its
  /// entries.
  explicit hand_ring(bool indices = true);
  hand_ring(const hand_ring&) = delete;
  hand_ring& operator=(const hand_ring&) = delete;
  ~hand_ring() { io_uring_queue_exit(&ring_); }

  void register_files(std::span<const int> fds);
  /// As many files as will be opened into the table.
  void register_empty_files(unsigned count);
  /// `count` buffers of `bytes` each, one behind the other.
  void register_buffers(std::byte* first, std::size_t bytes, unsigned count);

 protected:
  static void check(int result, const char* what);
  io_uring ring_{};
};

/// Moved by liburing's functions.
class liburing_ring : public hand_ring {
 public:
  io_uring_sqe* next_sqe() noexcept { return io_uring_get_sqe(&ring_); }
  [[nodiscard]] bool any_completion() const noexcept { return io_uring_cq_ready(&ring_) != 0; }
  void submit() { check(io_uring_submit(&ring_), "io_uring_submit"); }
  void submit_and_wait() { check(io_uring_submit_and_wait(&ring_, 1), "io_uring_submit_and_wait"); }
  /// Calls each(completion) and counts them.
  template <class F>
  unsigned reap(F each) {
    unsigned head = 0;
    unsigned seen = 0;
    io_uring_cqe* cqe = nullptr;
    io_uring_for_each_cqe(&ring_, head, cqe) {
      each(*cqe);
      ++seen;
    }
    io_uring_cq_advance(&ring_, seen);
    return seen;
  }
};

/// Moved by hand, without an array of indices where the kernel can: the system call is in the loop
/// itself. A processor that mispredicts the returns after a system call, as one with the
/// mitigations of today does, pays for each of liburing's functions around it. No more than
/// `entries` requests may be under way.
class inline_ring : public hand_ring {
 public:
  inline_ring();
  io_uring_sqe* next_sqe() noexcept { return &sqes_[tail_++ & sq_mask_]; }
  [[nodiscard]] bool any_completion() const noexcept {
    return head_ != __atomic_load_n(cq_tail_, __ATOMIC_ACQUIRE);
  }
  void submit() { enter(0, IORING_ENTER_REGISTERED_RING); }
  void submit_and_wait() { enter(1, IORING_ENTER_REGISTERED_RING | IORING_ENTER_GETEVENTS); }
  template <class F>
  unsigned reap(F each) {
    const unsigned tail = __atomic_load_n(cq_tail_, __ATOMIC_ACQUIRE);
    const unsigned seen = tail - head_;
    for (; head_ != tail; ++head_) each(cqes_[head_ & cq_mask_]);
    __atomic_store_n(cq_head_, head_, __ATOMIC_RELEASE);
    return seen;
  }

 private:
  [[gnu::always_inline]] void enter(unsigned wait_for, unsigned flags) {
    const unsigned count = tail_ - submitted_;
    submitted_ = tail_;
    __atomic_store_n(sq_tail_, tail_, __ATOMIC_RELEASE);
    if (enter_syscall(count, wait_for, flags) != static_cast<int>(count)) [[unlikely]]
      fail("io_uring_enter did not take all requests");
  }
  [[gnu::always_inline]] int enter_syscall(unsigned count, unsigned wait_for, unsigned flags) {
#if defined(__x86_64__)
    long result = SYS_io_uring_enter;
    register long r10 asm("r10") = flags;
    register long r8 asm("r8") = 0;
    register long r9 asm("r9") = 0;
    asm volatile("syscall"
                 : "+a"(result)
                 : "D"(static_cast<long>(ring_.enter_ring_fd)), "S"(static_cast<long>(count)),
                   "d"(static_cast<long>(wait_for)), "r"(r10), "r"(r8), "r"(r9)
                 : "rcx", "r11", "memory");
    return static_cast<int>(result);
#else
    return static_cast<int>(syscall(SYS_io_uring_enter, ring_.enter_ring_fd, count, wait_for, flags,
                                    nullptr, std::size_t{0}));
#endif
  }

  io_uring_sqe* sqes_;
  io_uring_cqe* cqes_;
  unsigned* sq_tail_;
  unsigned* cq_head_;
  unsigned* cq_tail_;
  unsigned sq_mask_;
  unsigned cq_mask_;
  unsigned tail_;
  unsigned submitted_;
  unsigned head_;
};

}  // namespace bench
