#pragma once

#include <chrono>
#include <cstdint>

#include "carousel/detail/base/request.hpp"

// The part of the kernel's io_uring interface that the ring reads and writes in shared memory, in
// our own names: the constants of Debian's liburing 2.3 end at Linux 6.1, and an enumerator cannot
// be tested for at compile time. kernel.cpp checks the layouts against liburing. Sources:
// linux/io_uring.h, io_uring_enter(2), io_uring_setup(2).

namespace carousel::sys {

struct cqe {
  std::uint64_t user_data;
  std::int32_t res;
  std::uint32_t flags;
};
static_assert(sizeof(cqe) == 16);

inline constexpr std::uint32_t cqe_more = 1U << 1U;

inline constexpr std::uint32_t sq_cq_overflow = 1U << 1U;
inline constexpr std::uint32_t sq_taskrun = 1U << 2U;

inline constexpr std::uint32_t enter_getevents = 1U << 0U;
inline constexpr std::uint32_t enter_ext_arg = 1U << 3U;
inline constexpr std::uint32_t enter_no_iowait = 1U << 7U;  // Linux 6.15

inline constexpr std::uint32_t feature_min_timeout = 1U << 15U;  // Linux 6.12
inline constexpr std::uint32_t feature_no_iowait = 1U << 17U;

/// How long an enter that wants several completions waits for all of them. A timer that is due
/// before the next tick of the scheduler costs more than the wake-ups that it saves: over the
/// processor time of a wake-up for each completion 1.2 with 0.1 ms, 0.9 with 1 ms, 0.7 from 4 ms on
/// (a virtual Xeon, 250 ticks a second).
inline constexpr std::chrono::microseconds several_wait{4000};

inline constexpr std::uint32_t rwf_nosignal = 0x100;  // Linux 6.18

inline constexpr std::uint32_t sq_entries_max = 32'768;  // IORING_MAX_ENTRIES
inline constexpr std::uint32_t cq_entries_max = 2 * sq_entries_max;

/// Submission queue entries of a ring that may drop completions: fewer leave no room for a cancel
/// beside an operation.
inline constexpr std::uint32_t droppable_entries_min = 4;
/// Completion queue entries of such a ring for each submission queue entry, at least.
inline constexpr std::uint32_t droppable_queue_factor = 4;

/// The queues of one ring, in memory shared with the kernel.
struct ring_view {
  std::uint32_t* sq_head = nullptr;
  std::uint32_t* sq_tail = nullptr;
  std::uint32_t* sq_flags = nullptr;
  std::uint32_t sq_entries = 0;
  detail::request* sqes = nullptr;
  std::uint32_t* cq_head = nullptr;
  std::uint32_t* cq_tail = nullptr;
  std::uint32_t cq_entries = 0;
  cqe* cqes = nullptr;
  /// A completion that finds the queue full may be lost (-EBADR): requests must not outnumber its
  /// entries.
  bool may_drop = false;
  bool has_no_iowait = false;  ///< an enter that waits may have enter_no_iowait
  /// An enter may wait for several completions: for the first alone once several_wait is over.
  bool has_min_wait = false;
  bool forgets_signals = false;  ///< the registered eventfd now and then misses what it should tell
  /// It tells once only of what a write to another eventfd has completed, until it is registered
  /// again.
  bool signals_once = false;
};

}  // namespace carousel::sys
