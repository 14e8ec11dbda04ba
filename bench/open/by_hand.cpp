// What an expert writes on bare liburing: each file is opened into a slot of the file table, read into a fixed buffer and closed
// by three linked requests, many files at a time.

#include <fcntl.h>
#include <liburing.h>

#include <system_error>

#include "open/files.hpp"

namespace bench {
namespace {

constexpr std::uint64_t opened = 0;
constexpr std::uint64_t was_read = 1;
constexpr std::uint64_t closed = 2;

class linked_requests final : public reader {
 public:
  explicit linked_requests(unsigned depth)
      : depth_(depth), memory_(depth * small_files::bytes), current_(depth) {
    io_uring_params params{};
    params.flags =
        IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    check(io_uring_queue_init_params(256, &ring_, &params), "io_uring_queue_init");
    check(io_uring_register_ring_fd(&ring_), "io_uring_register_ring_fd");
    check(io_uring_register_files_sparse(&ring_, depth), "io_uring_register_files");
    std::vector<iovec> buffers;
    for (unsigned i = 0; i < depth; ++i) buffers.push_back({buffer(i), small_files::bytes});
    check(io_uring_register_buffers(&ring_, buffers.data(), depth), "io_uring_register_buffers");
  }
  linked_requests(const linked_requests&) = delete;
  linked_requests& operator=(const linked_requests&) = delete;
  ~linked_requests() override { io_uring_queue_exit(&ring_); }

  void run(std::uint64_t count, small_files& files) override {
    std::uint64_t started = 0;
    std::uint64_t finished = 0;
    for (; started < depth_ && started < count; ++started)
      start(static_cast<unsigned>(started), files);
    while (finished < count) {
      check(io_uring_submit(&ring_), "io_uring_submit");
      if (io_uring_cq_ready(&ring_) == 0)
        check(io_uring_submit_and_wait(&ring_, 1), "io_uring_submit_and_wait");
      unsigned head = 0;
      unsigned seen = 0;
      io_uring_cqe* cqe = nullptr;
      io_uring_for_each_cqe(&ring_, head, cqe) {
        const auto i = static_cast<unsigned>(cqe->user_data >> 2U);
        ++seen;
        switch (cqe->user_data & 3U) {
          case was_read: files.check(cqe->res, buffer(i), current_[i]); break;
          case opened: check(cqe->res, "open"); break;
          default:
            check(cqe->res, "close");
            ++finished;
            if (started < count) {
              ++started;
              start(i, files);
            }
        }
      }
      io_uring_cq_advance(&ring_, seen);
    }
  }

 private:
  static void check(int result, const char* what) {
    if (result < 0) fail(what + (": " + std::generic_category().message(-result)));
  }
  std::byte* buffer(unsigned i) noexcept { return memory_.data() + i * small_files::bytes; }

  void start(unsigned i, small_files& files) {
    current_[i] = files.next();
    const std::uint64_t tag = std::uint64_t{i} << 2U;
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    io_uring_prep_openat_direct(sqe, AT_FDCWD, files.paths()[current_[i]].c_str(), O_RDONLY, 0, i);
    sqe->flags |= IOSQE_IO_LINK;
    sqe->user_data = tag | opened;
    sqe = io_uring_get_sqe(&ring_);
    io_uring_prep_read_fixed(sqe, static_cast<int>(i), buffer(i), small_files::bytes, 0,
                             static_cast<int>(i));
    sqe->flags |= IOSQE_FIXED_FILE | IOSQE_IO_LINK;
    sqe->user_data = tag | was_read;
    sqe = io_uring_get_sqe(&ring_);
    io_uring_prep_close_direct(sqe, i);
    sqe->user_data = tag | closed;
  }

  unsigned depth_;
  pages memory_;
  std::vector<unsigned> current_;  ///< file that uses the buffer
  io_uring ring_{};
};

}  // namespace

std::unique_ptr<reader> open_by_hand(unsigned depth) {
  return std::make_unique<linked_requests>(depth);
}

}  // namespace bench
