#include "common/hand_ring.hpp"

#include <system_error>
#include <vector>

namespace bench {

namespace {

constexpr unsigned setup_flags =
    IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
constexpr unsigned setup_no_sqarray = 1U << 16U;  // Linux 6.6, unknown to liburing 2.3

}  // namespace

hand_ring::hand_ring(bool indices) {
  // liburing's own setup writes the array of indices, into the queues' heads and tails where the
  // ring has none.
  io_uring_params params{};
  params.flags = setup_flags | setup_no_sqarray;
  const auto fd =
      indices ? -1 : static_cast<int>(syscall(SYS_io_uring_setup, unsigned{entries}, &params));
  if (fd >= 0) {
    check(io_uring_queue_mmap(fd, &params, &ring_), "io_uring_queue_mmap");
  } else {
    params = {};
    params.flags = setup_flags;
    check(io_uring_queue_init_params(entries, &ring_, &params), "io_uring_queue_init");
  }
  check(io_uring_register_ring_fd(&ring_), "io_uring_register_ring_fd");
}

void hand_ring::register_files(std::span<const int> fds) {
  check(io_uring_register_files(&ring_, fds.data(), static_cast<unsigned>(fds.size())),
        "io_uring_register_files");
}

void hand_ring::register_empty_files(unsigned count) {
  check(io_uring_register_files_sparse(&ring_, count), "io_uring_register_files");
}

void hand_ring::register_buffers(std::byte* first, std::size_t bytes, unsigned count) {
  std::vector<iovec> buffers;
  buffers.reserve(count);
  for (unsigned i = 0; i < count; ++i) buffers.push_back({first + i * bytes, bytes});
  check(io_uring_register_buffers(&ring_, buffers.data(), count), "io_uring_register_buffers");
}

void hand_ring::check(int result, const char* what) {
  if (result < 0) fail(what + (": " + std::generic_category().message(-result)));
}

inline_ring::inline_ring()
    : hand_ring(false),
      sqes_(ring_.sq.sqes),
      cqes_(ring_.cq.cqes),
      sq_tail_(ring_.sq.ktail),
      cq_head_(ring_.cq.khead),
      cq_tail_(ring_.cq.ktail),
      sq_mask_(*ring_.sq.kring_mask),
      cq_mask_(*ring_.cq.kring_mask),
      tail_(*sq_tail_),
      submitted_(tail_),
      head_(*cq_head_) {
  if ((ring_.flags & setup_no_sqarray) != 0) return;
  for (unsigned i = 0; i <= sq_mask_; ++i) ring_.sq.array[i] = i;
}

}  // namespace bench
