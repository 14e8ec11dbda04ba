#pragma once

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

// The loop that an expert writes on bare liburing: single issuer, deferred task work, registered ring descriptor, registered
// file, fixed buffers, batched submission, submit first and wait only when nothing has completed.

namespace bench {

/// A fixed pseudo-random sequence of block offsets inside a span.
class offsets {
 public:
  offsets(std::size_t span_bytes, std::size_t block_bytes) {
    std::mt19937_64 random(42);
    for (auto& o : table_) o = random() % (span_bytes / block_bytes) * block_bytes;
  }
  [[nodiscard]] std::uint64_t next() noexcept { return table_[at_++ % table_.size()]; }

 private:
  std::vector<std::uint64_t> table_ = std::vector<std::uint64_t>(4096);
  std::size_t at_ = 0;
};

class hand_loop {
 public:
  hand_loop(int fd, std::byte* memory, std::size_t block_bytes, unsigned depth)
      : memory_(memory), block_bytes_(block_bytes), depth_(depth) {
    io_uring_params params{};
    params.flags =
        IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    check(io_uring_queue_init_params(256, &ring_, &params));
    check(io_uring_register_ring_fd(&ring_) - 1);
    check(io_uring_register_files(&ring_, &fd, 1));
    std::vector<iovec> buffers;
    for (unsigned i = 0; i < depth; ++i) buffers.push_back({memory + i * block_bytes, block_bytes});
    check(io_uring_register_buffers(&ring_, buffers.data(), depth));
  }
  hand_loop(const hand_loop&) = delete;
  hand_loop& operator=(const hand_loop&) = delete;
  ~hand_loop() { io_uring_queue_exit(&ring_); }

  /// Reads `count` blocks with `depth` in flight.
  void read(std::uint64_t count, offsets& where) {
    std::uint64_t started = 0;
    std::uint64_t finished = 0;
    for (; started < depth_ && started < count; ++started)
      start(static_cast<unsigned>(started), where);
    while (finished < count) {
      io_uring_submit(&ring_);
      if (io_uring_cq_ready(&ring_) == 0) io_uring_submit_and_wait(&ring_, 1);
      unsigned head = 0;
      unsigned seen = 0;
      io_uring_cqe* cqe = nullptr;
      io_uring_for_each_cqe(&ring_, head, cqe) {
        if (cqe->res != static_cast<int>(block_bytes_)) fail("a short read");
        ++seen;
        if (started < count) {
          start(static_cast<unsigned>(cqe->user_data), where);
          ++started;
        }
      }
      io_uring_cq_advance(&ring_, seen);
      finished += seen;
    }
  }

 private:
  static void fail(const char* what) {
    std::fprintf(stderr, "hand loop: %s\n", what);
    std::exit(1);
  }
  static void check(int result) {
    if (result < 0) fail("setup failed");
  }
  void start(unsigned buffer, offsets& where) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    io_uring_prep_read_fixed(sqe, 0, memory_ + buffer * block_bytes_,
                             static_cast<unsigned>(block_bytes_), where.next(),
                             static_cast<int>(buffer));
    sqe->flags |= IOSQE_FIXED_FILE;
    sqe->user_data = buffer;
  }

  io_uring ring_{};
  std::byte* memory_;
  std::size_t block_bytes_;
  unsigned depth_;
};

}  // namespace bench
