#include <atomic>
#include <cerrno>

#include "fake/kernel.hpp"
#include "fake/memory.hpp"

// How the fake kernel lets requests wait at words of memory, and wakes them. Those who call
// futex(2) itself are not among them.

namespace carousel::fake {
namespace {

using detail::opcode;

std::uint32_t value_at(const operation& op) {
  auto* const word =
      reinterpret_cast<std::uint32_t*>(static_cast<std::uintptr_t>(op.entry.address));
  return std::atomic_ref(*word).load(std::memory_order_acquire);
}

bool meets(const operation& waiting, const operation& waking) noexcept {
  return waiting.entry.address == waking.entry.address && waiting.entry.fd == waking.entry.fd &&
         (waiting.entry.address3 & waking.entry.address3) != 0;
}

}  // namespace

std::int32_t kernel::check_futex(const operation& op) const {
  const std::uint64_t at = op.entry.address;
  if (op.entry.address3 == 0 || at % sizeof(std::uint32_t) != 0) return -EINVAL;
  const auto* const word = reinterpret_cast<const void*>(static_cast<std::uintptr_t>(at));
  if (op.code == opcode::futex_wait && (!is_mapped(word, 4) || is_poisoned(word, 4)))
    return misuse(op, "a word was gone when the kernel looked at it", -EFAULT);
  return 0;
}

void kernel::wait_at_word(operation& op) {
  if (value_at(op) != static_cast<std::uint32_t>(op.entry.offset)) {
    op.res = -EAGAIN;
    op.due = now_ + some_time(options_.delay_max);
    return;
  }
  op.at = stage::waiting;
  op.due = std::chrono::steady_clock::time_point::max();
}

std::int32_t kernel::wake_at_word(const operation& waking) {
  std::int32_t woken = 0;
  for (operation& op : operations_) {
    if (woken == static_cast<std::int32_t>(waking.entry.offset)) break;
    if (op.code != opcode::futex_wait || op.at != stage::waiting || !meets(op, waking)) continue;
    op.at = stage::finished;
    op.res = 0;
    op.due = now_ + some_time(options_.delay_max);
    ++woken;
  }
  return woken;
}

}  // namespace carousel::fake
