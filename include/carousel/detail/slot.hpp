#pragma once

#include <cstddef>
#include <cstdint>

#include "carousel/detail/descriptor.hpp"
#include "carousel/detail/list.hpp"
#include "carousel/detail/request.hpp"

namespace carousel::detail {

struct operation_base;
struct slot_tag;

/// The states of a slot, and who owns what the operation holds (buffer, descriptor reference, side block):
///
///   free       nobody; the slot is on the driver's free list
///   queued     the slot; on the submit list, the kernel has not heard of it. Destroying the awaiter withdraws it.
///   submitted  the kernel, until the last CQE. Destroying the awaiter makes it an orphan.
///   orphaned   the driver; a cancel goes out, and the last CQE releases everything
///   done       the slot; the result is stored and the awaiter is in the ready queue
enum class slot_state : std::uint8_t { free, queued, submitted, orphaned, done };

/// The driver's record of one operation. It never moves while the driver lives, and everything the kernel may touch on the
/// operation's behalf is in it, in its side block, or in a buffer that it owns.
struct alignas(64) slot : list_hook<slot_tag> {
  static constexpr std::size_t payload_bytes = 88;

  operation_base* awaiter = nullptr;          ///< null once orphaned
  void (*dispose)(slot&) noexcept = nullptr;  ///< releases an unclaimed payload and result
  descriptor* file = nullptr;                 ///< a counted reference
  std::byte* side = nullptr;                  ///< a recycled block for paths, iovecs, statx
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
  std::int32_t res = 0;
  slot_state state = slot_state::free;
  bool uses_buffer_table = false;
  bool stop_wanted = false;  ///< a cancel is noted or was sent
  std::uint8_t side_class = 0;

  request req;
  alignas(8) std::byte payload[payload_bytes];

  template <class R>
  [[nodiscard]] R& resources() noexcept {
    return *reinterpret_cast<R*>(payload);
  }
};
static_assert(sizeof(slot) == 192);

}  // namespace carousel::detail
