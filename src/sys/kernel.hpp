#pragma once

#include <sys/uio.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "carousel/result.hpp"
#include "sys/abi.hpp"
#include "sys/enter.hpp"

namespace carousel::sys {

/// What a ring is asked to hold.
struct ring_size {
  unsigned entries;  ///< of the submission queue
  /// Of the completion queue, where a completion that finds it full may be lost.
  unsigned completions = 0;
  /// What is done is finished when the ring is entered, on kernels that can put it off.
  bool defers = true;
};

/// CLOCK_BOOTTIME.
[[nodiscard]] std::chrono::nanoseconds time_since_boot() noexcept;

/// The seam: all that a ring asks of the operating system. Calls return 0 or a count, or -errno, as
/// the system calls do; the queues themselves are plain memory, so a second implementation can be
/// an ordinary object.
class kernel {
 public:
  virtual ~kernel() = default;

  /// Makes the ring, with the best set of flags that this kernel takes, and as large as it lets us.
  /// Called once.
  [[nodiscard]] virtual result<ring_view> setup(ring_size size) = 0;
  /// Submits and, with enter_getevents, waits for `min_complete` completions or until `timeout`, if
  /// there is one, has passed. More than one is for a ring with has_min_wait and waits of more than
  /// several_wait, after which one will do.
  [[nodiscard]] int enter(unsigned to_submit, unsigned min_complete, unsigned flags,
                          const std::chrono::nanoseconds* timeout) noexcept {
    if (direct_.fd >= 0) [[likely]]
      return sys::enter(direct_, to_submit, min_complete, flags, timeout);
    return enter_indirect(to_submit, min_complete, flags, timeout);
  }
  [[nodiscard]] virtual bool supports(std::uint8_t opcode) const noexcept = 0;
  /// True if a write can be told to fail with EPIPE instead of raising SIGPIPE. When it is false,
  /// enter() keeps the signal from the process itself.
  [[nodiscard]] virtual bool has_nosignal() const noexcept = 0;

  /// RLIMIT_MEMLOCK is what an ENOMEM may be about: there is a limit, and this process is not
  /// exempt from it.
  [[nodiscard]] virtual bool memlock_binds() const noexcept = 0;

  [[nodiscard]] virtual int register_buffers(std::span<const iovec> buffers) noexcept = 0;
  [[nodiscard]] virtual int unregister_buffers() noexcept = 0;
  /// An empty file table of `count` entries.
  [[nodiscard]] virtual int register_files(unsigned count) noexcept = 0;
  /// Puts `fd` at `index` of the file table; -1 clears it.
  [[nodiscard]] virtual int update_file(unsigned index, int fd) noexcept = 0;

  /// The kernel adds 1 to this eventfd when a completion is posted or wants an enter to be posted.
  /// It may be registered again; where that fails none is.
  [[nodiscard]] virtual int register_eventfd(int) noexcept { return -EOPNOTSUPP; }

  /// What goes beside the ring may go beside this object too: sys::read_now() is read_now().
  [[nodiscard]] virtual bool has_bare_reads() const noexcept { return false; }
  /// Reads at an offset what is in the page cache, without the ring: -EAGAIN where that would wait.
  [[nodiscard]] virtual std::int32_t read_now(int, std::span<std::byte>, std::uint64_t) noexcept {
    return -EAGAIN;
  }
  /// Writes at an offset without the ring.
  [[nodiscard]] virtual std::int32_t write_now(int, std::span<const std::byte>,
                                               std::uint64_t) noexcept {
    return -EAGAIN;
  }

  /// The clock of every deadline: enter()'s timeout, timers, what the loop waits for.
  [[nodiscard]] virtual std::chrono::steady_clock::time_point now() const noexcept = 0;
  /// The same, a few milliseconds behind for a fraction of the cost.
  [[nodiscard]] virtual std::chrono::steady_clock::time_point coarse_now() const noexcept {
    return now();
  }
  /// The clock of timeouts that go on while the machine is suspended.
  [[nodiscard]] virtual std::chrono::nanoseconds time_since_boot() const noexcept {
    return sys::time_since_boot();
  }
  /// Lets time pass without the ring: the kernel has refused an enter and is asked again a little
  /// later.
  virtual void pause(std::chrono::nanoseconds duration) noexcept = 0;
  /// Lets a moment pass without sleeping: somebody looks at the queues again and again.
  virtual void relax() noexcept {}

 protected:
  [[nodiscard]] virtual int enter_indirect(unsigned to_submit, unsigned min_complete,
                                           unsigned flags,
                                           const std::chrono::nanoseconds* timeout) noexcept = 0;
  ring_name direct_;  ///< set by setup() if these are bare system calls
};

[[nodiscard]] std::unique_ptr<kernel> make_linux_kernel();

}  // namespace carousel::sys
