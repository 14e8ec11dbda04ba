#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "carousel/detail/descriptor.hpp"
#include "carousel/detail/list.hpp"
#include "carousel/detail/request.hpp"

namespace carousel::detail {

struct operation_base;
struct slot;
struct slot_tag;

/// What the driver must know about the type of an operation. There is one constant per type.
struct operation_kind {
  /// Releases an unclaimed payload and result.
  void (*dispose)(slot&) noexcept;
  /// Takes a completion that is not the last one, while somebody waits; null: the operation expects none.
  void (*item)(slot&, std::int32_t res, std::uint32_t flags) noexcept;
  /// Gets rid of what such a completion brought, when nobody waits.
  void (*discard_item)(slot&, std::int32_t res) noexcept;
  /// Writes which memory of the payload the kernel may touch. Null: none that is not in the request.
  void (*describe)(const slot&, std::FILE*);
  /// The payload is lost to the kernel and never released: whoever waits for it must be told. Null: nobody does.
  void (*quarantine)(slot&) noexcept;
};

/// The states of a slot, and who owns what the operation holds (buffer, descriptor reference, side block):
///
///   free       nobody; the slot is on the driver's free list
///   queued     the slot; on the submit list, the kernel has not heard of it. Destroying the awaiter withdraws it.
///   submitted  the kernel, until the last CQE. Destroying the awaiter makes it an orphan.
///   orphaned   the driver; a cancel goes out, and the last CQE releases everything. What a CQE before the last one brings is
///              disposed of at once.
///   done       the slot; the result is stored and the awaiter is in the ready queue
///   withdrawn  as done, but the kernel would not take it and has not executed it
enum class slot_state : std::uint8_t { free, queued, submitted, orphaned, done, withdrawn };

/// The driver's record of one operation. It never moves while the driver lives, and everything the kernel may touch on the
/// operation's behalf is in it, in its side block, or in a buffer that it owns.
struct alignas(64) slot : list_hook<slot_tag> {
  static constexpr std::size_t payload_bytes = 72;

  operation_base* awaiter = nullptr;  ///< null once orphaned
  const operation_kind* kind = nullptr;
  descriptor* file = nullptr;  ///< a counted reference
  std::byte* side = nullptr;   ///< a recycled block for paths, iovecs, statx
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
  std::int32_t res = 0;
  slot_state state = slot_state::free;
  bool uses_buffer_table = false;
  bool stop_wanted = false;  ///< a cancel is noted or was sent
  std::uint8_t side_class = 0;

  // For the report of operations that the kernel does not let go of.
  std::uint32_t submitted_ms = 0;    ///< the driver's coarse time
  std::uint32_t task = 0;            ///< of the awaiter that dropped it; 0: no task
  const void* resumes_at = nullptr;  ///< where that coroutine would have gone on

  request req;
  alignas(8) std::byte payload[payload_bytes];

  template <class R>
  [[nodiscard]] R& resources() noexcept {
    return *reinterpret_cast<R*>(payload);
  }
  template <class R>
  [[nodiscard]] const R& resources() const noexcept {
    return *reinterpret_cast<const R*>(payload);
  }
};
static_assert(sizeof(slot) == 192);

}  // namespace carousel::detail
