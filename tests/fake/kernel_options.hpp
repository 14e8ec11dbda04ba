#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace carousel::fake {

/// What a fake kernel does beyond answering at once and in order. The default has no surprises;
/// chances are per mille.
struct kernel_options {
  std::uint64_t seed = 0;

  // Completion: when and in which order.
  unsigned async = 0;                     ///< file operations that run beside the submitter
  unsigned reorder = 0;                   ///< completions that do not wait for older ones
  std::chrono::nanoseconds delay_max{0};  ///< of each operation and of each answer to a cancel
  unsigned batch_max = 1U << 20U;         ///< completions that one enter posts
  bool posts_early = false;               ///< completions are visible without entering for them
  bool may_drop = false;                  ///< a ring without deferred task work: a full queue loses
  bool small_cq = false;                  ///< the completion queue is as small as it may be
  std::chrono::nanoseconds turn_max{0};   ///< time that passes in an enter

  // Completion: with what.
  unsigned shortened = 0;    ///< transfers that move fewer bytes than they could
  unsigned failed = 0;       ///< EIO, ENOSPC, ENOMEM
  unsigned interrupted = 0;  ///< EINTR, EAGAIN
  unsigned canceled = 0;     ///< ECANCELED though nobody cancelled, as when no worker can be had
  unsigned stuck = 0;        ///< file operations that end only when the test lets them

  /// Transfers that the library does itself and that find all in the page cache; the others would
  /// have to wait.
  unsigned cached = 0;
  unsigned cached_in_part = 0;  ///< of those, what of a read is there ends with its first page

  // Sockets.
  unsigned untold = 0;  ///< operations that are done a while before they complete
  unsigned resets = 0;  ///< transfers that find the connection broken: ECONNRESET, once

  // Operations that go on.
  unsigned cut_short = 0;     ///< they end with one of their completions, without an error
  unsigned copied = 0;        ///< zero-copy sends that have copied after all
  bool no_zero_copy = false;  ///< a kernel before 6.2: there are no zero-copy sends
  bool no_multishot = false;  ///< a kernel before 5.19: accepts do not go on

  // Cancels.
  unsigned cancel_restarts = 0;  ///< workers that a cancel interrupts: -512 or EINTR

  // enter.
  unsigned refused = 0;      ///< EAGAIN, EBUSY, ENOMEM or EINTR before anything was submitted
  unsigned denied = 0;       ///< EPERM, as a filter answers
  unsigned partial = 0;      ///< fewer entries are consumed than there are
  bool cuts_chains = false;  ///< also in the middle of a chain, as a kernel without memory does
  unsigned signals = 0;      ///< waits that a signal ends
  bool old_waits = false;    ///< before IORING_ENTER_NO_IOWAIT, and bounded waits for several
  /// Writes to the registered eventfd that do not happen, as in Linux 6.12.
  unsigned forgotten_signals = 0;
  /// The registered eventfd is written to once for what a write to another eventfd has completed,
  /// until it is registered again, as in Linux 6.18 with deferred task work.
  bool signals_once = false;

  // Tables.
  unsigned refused_buffers = 0;  ///< ENOMEM, EPERM
  bool no_memlock = false;       ///< the user is exempt from RLIMIT_MEMLOCK
  unsigned refused_files = 0;    ///< the file table as a whole, and each entry
  bool no_nosignal = false;      ///< a kernel before RWF_NOSIGNAL

  /// What the library promises never to do is a failure instead of the kernel's error.
  bool strict = true;
  /// The test has declared all buffers, uses open descriptors only, and nobody outside the runtime
  /// makes one ready: anything else is a failure too, a wait for nothing included.
  bool closed_world = false;

  /// Every kind of surprise, each with a chance that the seed decides.
  [[nodiscard]] static kernel_options from_seed(std::uint64_t seed);
  /// Only what must not change any result: delays, order, refused and partial enters, signals.
  [[nodiscard]] static kernel_options benign(std::uint64_t seed);
  [[nodiscard]] std::string describe() const;
};

}  // namespace carousel::fake
