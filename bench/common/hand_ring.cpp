#include "common/hand_ring.hpp"

#include <system_error>
#include <vector>

namespace bench {

hand_ring::hand_ring() {
  io_uring_params params{};
  params.flags = IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
  check(io_uring_queue_init_params(entries, &ring_, &params), "io_uring_queue_init");
  check(io_uring_register_ring_fd(&ring_), "io_uring_register_ring_fd");
}

void hand_ring::register_files(std::initializer_list<int> fds) {
  check(io_uring_register_files(&ring_, std::data(fds), static_cast<unsigned>(fds.size())),
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
    : sqes_(ring_.sq.sqes),
      cqes_(ring_.cq.cqes),
      sq_tail_(ring_.sq.ktail),
      cq_head_(ring_.cq.khead),
      cq_tail_(ring_.cq.ktail),
      sq_mask_(*ring_.sq.kring_mask),
      cq_mask_(*ring_.cq.kring_mask),
      tail_(*sq_tail_),
      submitted_(tail_),
      head_(*cq_head_) {
  for (unsigned i = 0; i <= sq_mask_; ++i) ring_.sq.array[i] = i;
}

}  // namespace bench
