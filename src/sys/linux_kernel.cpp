#include <liburing.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <optional>
#include <thread>

#include "base/sanitizers.hpp"
#include "carousel/detail/base/request.hpp"
#include "sys/kernel.hpp"
#include "sys/linux_version.hpp"
#include "sys/signal_shield.hpp"
#include "sys/write_flag.hpp"

#if defined(CAROUSEL_THREAD_SANITIZER)
#include <sanitizer/tsan_interface.h>
#define CAROUSEL_TSAN_ACQUIRE(address) __tsan_acquire(address)
#define CAROUSEL_TSAN_RELEASE(address) __tsan_release(address)
#else
#define CAROUSEL_TSAN_ACQUIRE(address) ((void)(address))
#define CAROUSEL_TSAN_RELEASE(address) ((void)(address))
#endif

namespace carousel::sys {
namespace {

/// liburing maps and unmaps without libc, so ThreadSanitizer takes a ring for the one that another
/// thread had at the same address before. The end of a ring releases this, and the start of one
/// acquires it.
char mappings = 0;

static_assert(sizeof(detail::request) == sizeof(io_uring_sqe));
static_assert(offsetof(detail::request, op_flags) == offsetof(io_uring_sqe, rw_flags));
static_assert(offsetof(detail::request, user_data) == offsetof(io_uring_sqe, user_data));
static_assert(offsetof(detail::request, buf_index) == offsetof(io_uring_sqe, buf_index));
static_assert(offsetof(detail::request, file_index) == offsetof(io_uring_sqe, file_index));
static_assert(sizeof(cqe) == sizeof(io_uring_cqe));
static_assert(cqe_more == IORING_CQE_F_MORE);
static_assert(sq_cq_overflow == IORING_SQ_CQ_OVERFLOW);
static_assert(sq_taskrun == IORING_SQ_TASKRUN);
static_assert(enter_getevents == IORING_ENTER_GETEVENTS);
static_assert(enter_ext_arg == IORING_ENTER_EXT_ARG);
static_assert(sizeof(wait_argument) == sizeof(io_uring_getevents_arg));
static_assert(sizeof(kernel_timespec) == sizeof(__kernel_timespec));
static_assert(static_cast<unsigned>(detail::opcode::linkat) == IORING_OP_LINKAT);
static_assert(static_cast<unsigned>(detail::opcode::statx) == IORING_OP_STATX);
static_assert(detail::sqe_fixed_file == IOSQE_FIXED_FILE);

/// Without these a lost completion or a late read of our own memory by the kernel could not be
/// excluded: NODROP (5.5), SUBMIT_STABLE (5.5), RW_CUR_POS (5.6), EXT_ARG (5.11).
constexpr unsigned features_needed =
    IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE | IORING_FEAT_RW_CUR_POS | IORING_FEAT_EXT_ARG;

/// IORING_SETUP_NO_SQARRAY: the entries of the submission queue are taken in their order, without
/// an array of indices between.
constexpr unsigned setup_no_sqarray = 1U << 16U;

/// From the fastest to what every supported kernel takes (6.6, 6.1, 6.0, 5.19, 5.18, 5.11).
constexpr std::array<unsigned, 6> setup_ladder = {
    IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
        IORING_SETUP_TASKRUN_FLAG | setup_no_sqarray,
    IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
        IORING_SETUP_TASKRUN_FLAG,
    IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN |
        IORING_SETUP_TASKRUN_FLAG,
    IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
    IORING_SETUP_SUBMIT_ALL,
    0,
};

/// When this process last closed a ring. Its memory is uncharged asynchronously, so that at the
/// limit of RLIMIT_MEMLOCK what comes next is refused for 20 to 40 ms although there will be room,
/// and for more than half a second where nothing leaves the kernel's workers a processor.
constinit std::atomic<std::chrono::steady_clock::rep> last_close = 0;

[[nodiscard]] bool still_uncharging() noexcept {
  const std::chrono::steady_clock::time_point closed{
      std::chrono::steady_clock::duration(last_close.load())};
  return std::chrono::steady_clock::now() - closed < std::chrono::seconds(2);
}

/// Whether this thread's locked memory is not counted at all. CAP_IPC_LOCK of a user namespace does
/// not do that.
[[nodiscard]] bool exempt_from_memlock() noexcept {
  constexpr ino_t initial_user_namespace = 0xEFFFFFFD;  // PROC_USER_INIT_INO
  struct stat space{};
  if (::stat("/proc/self/ns/user", &space) != 0 || space.st_ino != initial_user_namespace)
    return false;
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  return ::syscall(SYS_capget, &header, sets.data()) == 0 &&
         (sets[0].effective & (1U << CAP_IPC_LOCK)) != 0;
}

[[nodiscard]] bool has_memlock_limit() noexcept {
  rlimit limit{};
  return getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

/// Says which knob made io_uring_setup fail.
[[nodiscard]] std::error_code explain_setup(int error) {
  switch (error) {
    case EPERM:
    case EACCES: {
      int disabled = 0;
      std::ifstream("/proc/sys/kernel/io_uring_disabled") >> disabled;
      return disabled != 0 ? errc::io_uring_disabled : errc::io_uring_denied;
    }
    case ENOSYS:  // a kernel without io_uring, or a filter that pretends so
    case EINVAL:  // not even the last rung of the ladder
      return errc::kernel_too_old;
    case ENOMEM:  // since 6.14 the ring's own memory counts against RLIMIT_MEMLOCK
      if (!exempt_from_memlock() && has_memlock_limit()) return errc::memlock_limit;
      [[fallthrough]];
    default: return detail::kernel_error(detail::refused_setup - error);
  }
}

/// Of the kernel, so that the first ring asks for all of a process. Where nothing was to be learned
/// the next one asks again.
[[nodiscard]] bool knows_nosignal() noexcept {
  enum class answer : std::uint8_t { none, no, yes };
  static constinit std::atomic<answer> heard = answer::none;
  if (heard.load(std::memory_order_relaxed) == answer::none) {
    const std::optional<bool> known = knows_write_flag(rwf_nosignal);
    if (!known) return false;
    heard.store(*known ? answer::yes : answer::no, std::memory_order_relaxed);
  }
  return heard.load(std::memory_order_relaxed) == answer::yes;
}

class linux_kernel final : public kernel {
 public:
  linux_kernel() = default;
  linux_kernel(const linux_kernel&) = delete;
  linux_kernel& operator=(const linux_kernel&) = delete;
  ~linux_kernel() override {
    if (!live_) return;
    // Explicitly, because what close() leaves to the kernel's workers stays charged to
    // RLIMIT_MEMLOCK for 20 to 40 ms.
    if (has_buffers_) (void)::io_uring_unregister_buffers(&ring_);
    CAROUSEL_TSAN_RELEASE(&mappings);
    io_uring_queue_exit(&ring_);  // unmaps, then closes
    last_close = std::chrono::steady_clock::now().time_since_epoch().count();
  }

  result<ring_view> setup(ring_size size) override {
    exempt_ = exempt_from_memlock();
    int error = make_ring(size);
    // The memory of a ring that was just closed is uncharged asynchronously.
    for (int tries = 0; error == -ENOMEM && (tries < 20 || still_uncharging()); ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      error = make_ring(size);
    }
    if (error < 0) return std::unexpected(explain_setup(-error));
    live_ = true;
    CAROUSEL_TSAN_ACQUIRE(&mappings);
    if ((ring_.features & features_needed) != features_needed) {
      return std::unexpected(make_error_code(errc::kernel_too_old));
    }
    (void)io_uring_ring_dontfork(&ring_);
    // Cheaper enters; a thread has 16 of them, and without one everything works as well.
    (void)io_uring_register_ring_fd(&ring_);
    name_.fd = ring_.enter_ring_fd;
    name_.enter_flags = name_.fd != ring_.ring_fd ? IORING_ENTER_REGISTERED_RING : 0U;
    if (io_uring_probe* probe = io_uring_get_probe_ring(&ring_); probe != nullptr) {
      for (unsigned op = 0; op < supported_.size(); ++op) {
        supported_[op] = io_uring_opcode_supported(probe, static_cast<int>(op)) != 0;
      }
      io_uring_free_probe(probe);
    } else {  // a filter; what Linux 5.15 has is taken to be there
      std::fill_n(supported_.begin(), IORING_OP_LINKAT + 1, true);
    }
    // The first kernels that have it do not tell whether they have copied.
    if (running_linux() < linux_version{6, 2})
      supported_[static_cast<std::size_t>(detail::opcode::send_zc)] = false;
    nosignal_ = knows_nosignal();
    if (nosignal_) direct_ = name_;
    if ((ring_.flags & setup_no_sqarray) == 0) {
      for (unsigned i = 0; i < ring_.sq.ring_entries; ++i) ring_.sq.array[i] = i;
    }
    return ring_view{
        .sq_head = ring_.sq.khead,
        .sq_tail = ring_.sq.ktail,
        .sq_flags = ring_.sq.kflags,
        .sq_entries = ring_.sq.ring_entries,
        .sqes = reinterpret_cast<detail::request*>(ring_.sq.sqes),
        .cq_head = ring_.cq.khead,
        .cq_tail = ring_.cq.ktail,
        .cq_entries = ring_.cq.ring_entries,
        .cqes = reinterpret_cast<cqe*>(ring_.cq.cqes),
        .may_drop = (ring_.flags & IORING_SETUP_DEFER_TASKRUN) == 0,
        .has_no_iowait = (ring_.features & feature_no_iowait) != 0,
        .has_min_wait = (ring_.features & feature_min_timeout) != 0,
        .forgets_signals = forgets_signals(),
        .signals_once = signals_once(),
    };
  }

  bool supports(std::uint8_t opcode) const noexcept override {
    return opcode < supported_.size() && supported_[opcode];
  }
  bool has_nosignal() const noexcept override { return nosignal_; }
  /// Whoever made the ring is exempt or not, whatever has become of the process since.
  bool memlock_binds() const noexcept override { return !exempt_ && has_memlock_limit(); }

  int register_buffers(std::span<const iovec> buffers) noexcept override {
    const auto attempt = [&] {
      return ::io_uring_register_buffers(&ring_, buffers.data(),
                                         static_cast<unsigned>(buffers.size()));
    };
    int done = attempt();
    while (done == -ENOMEM && still_uncharging()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      done = attempt();
    }
    has_buffers_ = has_buffers_ || done == 0;
    return done;
  }
  int unregister_buffers() noexcept override {
    has_buffers_ = false;
    return ::io_uring_unregister_buffers(&ring_);
  }
  int register_files(unsigned count) noexcept override {
    return ::io_uring_register_files_sparse(&ring_, count);
  }
  int update_file(unsigned index, int fd) noexcept override {
    return ::io_uring_register_files_update(&ring_, index, &fd, 1);
  }

  int register_eventfd(int fd) noexcept override {
    if (has_eventfd_) (void)::io_uring_unregister_eventfd(&ring_);
    const int error = ::io_uring_register_eventfd(&ring_, fd);
    has_eventfd_ = error == 0;
    return error;
  }

#if !defined(CAROUSEL_ADDRESS_SANITIZER)
  bool has_bare_reads() const noexcept override { return true; }
#else  // a detector that watches what calls of libraries store
  std::int32_t read_now(int fd, std::span<std::byte> into, std::uint64_t at) noexcept override {
    const iovec whole{.iov_base = into.data(), .iov_len = into.size()};
    const ssize_t n = ::preadv2(fd, &whole, 1, static_cast<off_t>(at), RWF_NOWAIT);
    return n >= 0 ? static_cast<std::int32_t>(n) : -errno;
  }
#endif
  std::int32_t write_now(int fd, std::span<const std::byte> from,
                         std::uint64_t at) noexcept override {
    const ssize_t n = ::pwrite(fd, from.data(), from.size(), static_cast<off_t>(at));
    return n >= 0 ? static_cast<std::int32_t>(n) : -errno;
  }

  std::chrono::steady_clock::time_point now() const noexcept override {
    return std::chrono::steady_clock::now();
  }
  std::chrono::steady_clock::time_point coarse_now() const noexcept override {
    timespec at{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &at);
    return std::chrono::steady_clock::time_point(std::chrono::seconds(at.tv_sec) +
                                                 std::chrono::nanoseconds(at.tv_nsec));
  }
  void pause(std::chrono::nanoseconds duration) noexcept override {
    std::this_thread::sleep_for(duration);
  }
  void relax() noexcept override {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("isb");  // as long as the pause of the other one; `yield` takes no time
#endif
  }

 private:
  /// Linux 6.12 does with deferred task work, and 6.1 and 6.18 do not; between them nobody has
  /// looked.
  [[nodiscard]] bool forgets_signals() const noexcept {
    if ((ring_.flags & IORING_SETUP_DEFER_TASKRUN) == 0) return false;
    const linux_version running = running_linux();
    return running >= linux_version{6, 2} && running < linux_version{6, 18};
  }
  /// Linux 6.18 does with deferred task work: a signal that comes from a write to an eventfd is put
  /// off, and the mark that one is on its way is never removed.
  [[nodiscard]] bool signals_once() const noexcept {
    return (ring_.flags & IORING_SETUP_DEFER_TASKRUN) != 0 &&
           running_linux() >= linux_version{6, 18};
  }
  int make_ring(ring_size size) noexcept {
    int error = 0;
    for (const unsigned flags : setup_ladder) {
      if (!size.defers && (flags & IORING_SETUP_DEFER_TASKRUN) != 0) continue;
      io_uring_params params{};
      params.flags = flags | IORING_SETUP_CLAMP;
      error = (flags & IORING_SETUP_DEFER_TASKRUN) != 0 ? make_ring(size.entries, params)
                                                        : make_droppable_ring(size, flags);
      if (error != -EINVAL) break;
    }
    return error;
  }
  /// With the largest completion queue up to the size that there is memory for: its pages must lie
  /// together.
  int make_droppable_ring(ring_size size, unsigned flags) noexcept {
    const unsigned entries = std::max(size.entries, droppable_entries_min);
    const unsigned least = std::min(entries * droppable_queue_factor, cq_entries_max);
    unsigned cq_entries = std::clamp(size.completions, least, cq_entries_max);
    for (;; cq_entries /= 2) {
      cq_entries = std::max(cq_entries, least);
      io_uring_params params{};
      params.flags = flags | IORING_SETUP_CLAMP | IORING_SETUP_CQSIZE;
      params.cq_entries = cq_entries;
      const int error = make_ring(entries, params);
      if (error != -ENOMEM || cq_entries == least) return error;
    }
  }
  /// What io_uring_queue_init_params() does, less the array of indices: liburing 2.3 would write
  /// one into the queues' heads and tails where the ring has none.
  int make_ring(unsigned entries, io_uring_params& params) noexcept {
    const auto fd = static_cast<int>(syscall(SYS_io_uring_setup, entries, &params));
    if (fd < 0) return -errno;
    const int error = io_uring_queue_mmap(fd, &params, &ring_);
    if (error < 0) {
      ::close(fd);
      return error;
    }
    // Not every liburing fills these in.
    ring_.features = params.features;
    ring_.flags = params.flags;
    ring_.ring_fd = fd;
    ring_.enter_ring_fd = fd;
    return 0;
  }

  /// Where a write cannot be told not to raise SIGPIPE.
  int enter_indirect(unsigned to_submit, unsigned min_complete, unsigned flags,
                     const std::chrono::nanoseconds* timeout) noexcept override {
    const signal_shield shield(SIGPIPE);
    return sys::enter(name_, to_submit, min_complete, flags, timeout);
  }

  io_uring ring_{};
  bool live_ = false;
  bool has_buffers_ = false;
  bool has_eventfd_ = false;
  bool nosignal_ = false;
  bool exempt_ = false;  ///< from RLIMIT_MEMLOCK
  ring_name name_;
  std::array<bool, 64> supported_{};
};

}  // namespace

std::chrono::nanoseconds time_since_boot() noexcept {
  timespec t{};
  (void)::clock_gettime(CLOCK_BOOTTIME, &t);
  return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

std::unique_ptr<kernel> make_linux_kernel() { return std::make_unique<linux_kernel>(); }

}  // namespace carousel::sys
