#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "carousel/detail/base/list.hpp"
#include "carousel/detail/base/request.hpp"
#include "carousel/detail/driver/descriptor.hpp"

namespace carousel::detail {

struct operation_base;
struct slot;
struct slot_tag;

/// What the driver must know about the type of an operation. There is one constant per type.
struct operation_kind {
  /// The awaiter is about to be gone: moves to the slot what the operation holds.
  void (*take_over)(slot&) noexcept;
  /// Releases what was taken over, and an unclaimed result.
  void (*dispose)(slot&) noexcept;
  /// Takes a completion that is the result, with only the release of the memory to come, while
  /// somebody waits: the slot gets a share of what the operation holds, and the awaiter has no slot
  /// any more. Null: the result is the last completion.
  void (*part)(slot&, std::int32_t res) noexcept;
  /// Takes a completion that is not the last one, while somebody waits; null: the operation expects
  /// none.
  void (*item)(slot&, std::int32_t res, std::uint32_t flags) noexcept;
  /// Hears of the last completion, while somebody waits, in a slot that is done. True: it was a
  /// part, and the operation has begun again, in this slot or another, or stands in line. Null:
  /// there are no parts.
  bool (*repeat)(slot&) noexcept;
  /// Gets rid of what a completion that is not the last one brought, when nobody takes it.
  void (*discard_item)(slot&, std::int32_t res) noexcept;
  /// The open file that the awaiter's operation holds, or null.
  const descriptor* (*file_of)(const slot&) noexcept;
  const descriptor* (*other_file_of)(const slot&) noexcept;  ///< a second one, where there is one
  /// Hears what an orphan has brought: its file remembers it where the kernel does not. Null: there
  /// is nothing that it could forget.
  void (*tell_file)(const slot&, std::int32_t res) noexcept;
  /// Writes which of the memory that was taken over the kernel may touch. Null: none that is not in
  /// the request.
  void (*describe)(const slot&, std::FILE*);
  /// What was taken over is lost to the kernel and never released: whoever waits for it must be
  /// told. Null: nobody does.
  void (*quarantine)(slot&) noexcept;
};

/// The states of a slot, and who owns what the operation holds (buffer, descriptor reference; the
/// side block is always the slot's):
///
///   free       nobody; the slot is on the driver's free list
///   submitted  the awaiter, and the kernel uses it from the next enter until the last CQE. While
///              the request is still in the submission queue, destroying the awaiter withdraws it;
///              then it makes the operation an orphan.
///   orphaned   the slot; a cancel goes out, unless the result was given before, and the last CQE
///              releases everything. What a CQE before the last one brings is disposed of at once.
///   done       the awaiter; the result is stored, and the awaiter runs now or is in the ready
///              queue, or takes it for a part and begins again. Of a chain it keeps the result, and
///              the slot is free
///   withdrawn  as done, but the kernel would not take it and has not executed it
enum class slot_state : std::uint8_t { free, submitted, orphaned, done, withdrawn };
[[nodiscard]] const char* name_of(slot_state state) noexcept;
/// For an assertion: says that an operation got this slot while another one uses it.
[[nodiscard]] const char* in_use(const slot& s) noexcept;

/// user_data: the generation of the slot (32 bits, from 1 on), what kind of completion it is (8
/// bits), the index of the slot (24 bits). Of an operation the lower half is the index alone.
enum class completion_kind : std::uint8_t { operation = 0, cancel = 1, wake = 2, nothing = 3 };
inline constexpr std::uint64_t user_data_generation = std::uint64_t{1} << 32U;
inline constexpr std::uint32_t slot_index_max = 1U << 24U;
[[nodiscard]] constexpr std::uint64_t user_data_of(completion_kind kind,
                                                   std::uint32_t index = 0) noexcept {
  return std::uint64_t{static_cast<std::uint8_t>(kind)} << 24U | index;
}

/// What the end of an operation has to undo, as bits. Most have nothing.
enum slot_note : std::uint8_t {
  stop_wanted = 1,           ///< a cancel is noted or was sent: the slot may stand in a list
  uses_removed_buffers = 2,  ///< a registration that was given up waits for it
  result_given = 4,          ///< only its memory is to be released: there is nothing to cancel
  may_repeat = 8             ///< its last completion may be that of a part
};

/// The part of a slot that every operation touches: one cache line.
struct alignas(64) slot_front {
  union {
    operation_base* awaiter = nullptr;  ///< null once orphaned
    slot* next_free;                    ///< of a free slot
  };
  const operation_kind* kind = nullptr;
  std::byte* side = nullptr;     ///< a recycled block for paths, iovecs, statx
  std::uint64_t name = 0;        ///< the user_data of its operation
  std::uint32_t queued_at = 0;   ///< where its request stands in the submission queue
  std::uint32_t started_ms = 0;  ///< the driver's coarse time
  std::int32_t res = 0;
  slot_state state = slot_state::free;
  std::uint8_t notes = 0;  ///< of slot_note
  opcode code = opcode::nop;
  std::uint8_t side_class = 0;

  // Of an orphan, and for the report of operations that the kernel does not let go of.
  descriptor* file = nullptr;        ///< a counted reference
  const void* resumes_at = nullptr;  ///< where the coroutine of its awaiter would have gone on
};
static_assert(sizeof(slot_front) == 64);

/// The driver's record of one operation. It never moves while the driver lives, and everything the
/// kernel may touch on the operation's behalf is in its side block, or in a buffer that the
/// operation owns.
struct slot : slot_front, list_hook<slot_tag> {
  static constexpr std::size_t payload_bytes = 40;
  static constexpr std::size_t resources_bytes_max = 72;
  /// Resources have their place in the slot. The few that are larger have a block of the recycler,
  /// from the start on: an awaiter that is destroyed allocates nothing.
  template <class R>
  static constexpr bool has_room_for = sizeof(R) <= payload_bytes;

  // Of an orphan.
  std::uint32_t asked = 0;  ///< bytes that it was to move, where its file is told
  std::uint32_t task = 0;   ///< of its awaiter; 0: none
  union {
    alignas(8) std::byte payload[payload_bytes];
    void* block;
  };

  template <class R>
  [[nodiscard]] R& resources() noexcept {
    return *static_cast<R*>(place_of<R>());
  }
  template <class R>
  [[nodiscard]] const R& resources() const noexcept {
    return *static_cast<const R*>(const_cast<slot*>(this)->place_of<R>());
  }

 private:
  template <class R>
  [[nodiscard]] void* place_of() noexcept {
    if constexpr (has_room_for<R>)
      return payload;
    else
      return block;
  }
};
static_assert(sizeof(slot) == 128, "every operation in flight has one");

/// From the await on, as long as the kernel may use what the operation holds.
[[nodiscard]] inline bool held_by_kernel(const slot& s) noexcept {
  return s.state == slot_state::submitted || s.state == slot_state::orphaned;
}
/// Its result is stored, and its awaiter has not taken it.
[[nodiscard]] inline bool has_ended(const slot& s) noexcept {
  return s.state == slot_state::done || s.state == slot_state::withdrawn;
}
/// A cancel may find something to end.
[[nodiscard]] inline bool may_be_canceled(const slot& s) noexcept {
  return held_by_kernel(s) && (s.notes & result_given) == 0;
}

}  // namespace carousel::detail
