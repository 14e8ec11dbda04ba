// What an expert writes on bare liburing: each file is opened, read into a fixed buffer and closed,
// many files at a time. Each step is requested when the one before is done: with everything cached
// they finish while they are submitted, and links between them only send them through task work. A
// file is opened into a slot of the file table, where it has no number that anything but the ring
// could use, or as a descriptor.

#include <fcntl.h>

#include <vector>

#include "common/hand_ring.hpp"
#include "open/files.hpp"

namespace bench {
namespace {

enum step : unsigned { opened, was_read, closed };

template <bool Descriptors>
class hand_loop final : public reader {
 public:
  explicit hand_loop(unsigned depth)
      : depth_(depth), memory_(depth * small_files::bytes), current_(depth), fds_(depth) {
    if (depth > hand_ring::entries) fail("the hand-written loop's ring is smaller than the depth");
    ring_.register_empty_files(depth);
    ring_.register_buffers(memory_.data(), small_files::bytes, depth);
  }

  void run(std::uint64_t count, small_files& files) override {
    std::uint64_t started = 0;
    std::uint64_t finished = 0;
    for (; started < depth_ && started < count; ++started)
      open_next(static_cast<unsigned>(started), files);
    while (finished < count) {
      ring_.submit();
      if (!ring_.any_completion()) ring_.submit_and_wait();
      (void)ring_.reap([&](const io_uring_cqe& cqe) {
        const auto i = static_cast<unsigned>(cqe.user_data >> 2U);
        switch (cqe.user_data & 3U) {
          case opened:
            if (cqe.res < 0) fail("opening " + files.paths()[current_[i]] + " failed");
            fds_[i] = Descriptors ? cqe.res : static_cast<int>(i);
            read(i);
            break;
          case was_read:
            files.check(cqe.res, buffer(i), current_[i]);
            close(i);
            break;
          default:
            if (cqe.res < 0) fail("closing " + files.paths()[current_[i]] + " failed");
            ++finished;
            if (started < count) {
              ++started;
              open_next(i, files);
            }
        }
      });
    }
  }

 private:
  std::byte* buffer(unsigned i) noexcept { return memory_.data() + i * small_files::bytes; }
  static std::uint64_t tag(unsigned i, step s) { return (std::uint64_t{i} << 2U) | s; }

  void open_next(unsigned i, small_files& files) {
    current_[i] = files.next();
    io_uring_sqe* sqe = ring_.next_sqe();
    const char* path = files.paths()[current_[i]].c_str();
    if constexpr (Descriptors) {
      io_uring_prep_openat(sqe, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    } else {
      io_uring_prep_openat_direct(sqe, AT_FDCWD, path, O_RDONLY, 0, i);
    }
    sqe->user_data = tag(i, opened);
  }
  void read(unsigned i) {
    io_uring_sqe* sqe = ring_.next_sqe();
    io_uring_prep_read_fixed(sqe, fds_[i], buffer(i), small_files::bytes, 0, static_cast<int>(i));
    if constexpr (!Descriptors) sqe->flags = IOSQE_FIXED_FILE;
    sqe->user_data = tag(i, was_read);
  }
  void close(unsigned i) {
    io_uring_sqe* sqe = ring_.next_sqe();
    if constexpr (Descriptors) {
      io_uring_prep_close(sqe, fds_[i]);
    } else {
      io_uring_prep_close_direct(sqe, i);
    }
    sqe->user_data = tag(i, closed);
  }

  unsigned depth_;
  pages memory_;
  std::vector<unsigned> current_;  ///< file that uses the buffer
  std::vector<int> fds_;           ///< its number or its slot
  liburing_ring ring_;
};

}  // namespace

std::unique_ptr<reader> open_by_hand(unsigned depth) {
  return std::make_unique<hand_loop<false>>(depth);
}
std::unique_ptr<reader> open_by_hand_with_descriptors(unsigned depth) {
  return std::make_unique<hand_loop<true>>(depth);
}

}  // namespace bench
