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
///   submitted  the kernel, from the next enter until the last CQE. While the request is still in the submission queue,
///              destroying the awaiter takes it back; then it makes the operation an orphan.
///   orphaned   the driver; a cancel goes out, and the last CQE releases everything. What a CQE before the last one brings is
///              disposed of at once.
///   done       the slot; the result is stored, and the awaiter runs now or is in the ready queue
///   withdrawn  as done, but the kernel would not take it and has not executed it
enum class slot_state : std::uint8_t { free, submitted, orphaned, done, withdrawn };

/// user_data: the generation of the slot (32 bits), what kind of completion it is (8 bits), the index of the slot (24 bits).
enum class completion_kind : std::uint8_t { operation = 1, cancel = 2, wake = 3, nothing = 4 };
inline constexpr std::uint64_t user_data_generation = std::uint64_t{1} << 32U;
inline constexpr std::uint32_t slot_index_max = 1U << 24U;
[[nodiscard]] constexpr std::uint64_t user_data_of(completion_kind kind,
                                                   std::uint32_t index = 0) noexcept {
  return std::uint64_t{static_cast<std::uint8_t>(kind)} << 24U | index;
}

/// The part of a slot that every operation touches: one cache line, and a second if what it holds is larger than a pointer.
struct alignas(64) slot_front {
  static constexpr std::size_t payload_bytes = 72;

  operation_base* awaiter = nullptr;  ///< null once orphaned; means nothing in a free slot
  const operation_kind* kind = nullptr;
  descriptor* file = nullptr;    ///< a counted reference
  std::byte* side = nullptr;     ///< a recycled block for paths, iovecs, statx
  std::uint64_t name = 0;        ///< the user_data of its operation
  std::uint32_t place = 0;       ///< of its request in the submission queue
  std::uint32_t started_ms = 0;  ///< the driver's coarse time
  std::int32_t res = 0;
  slot_state state = slot_state::free;
  bool stop_wanted = false;  ///< a cancel is noted or was sent: it may stand in a list
  bool uses_buffer_table = false;
  opcode code = opcode::nop;

  alignas(8) std::byte payload[payload_bytes];
};
static_assert(sizeof(slot_front) == 128);

/// The driver's record of one operation. It never moves while the driver lives, and everything the kernel may touch on the
/// operation's behalf is in it, in its side block, or in a buffer that it owns.
struct slot : slot_front, list_hook<slot_tag> {
  std::uint8_t side_class = 0;
  // Of the awaiter that dropped it, for the report of operations that the kernel does not let go of.
  std::uint32_t task = 0;            ///< 0: no task
  const void* resumes_at = nullptr;  ///< where that coroutine would have gone on

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
