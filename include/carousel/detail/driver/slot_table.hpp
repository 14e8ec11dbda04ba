#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "carousel/detail/driver/slot.hpp"

namespace carousel::detail {

/// The slots of a driver. They are made in chunks as they are needed, never move, and are freed
/// with the table only.
class slot_table {
 public:
  static constexpr unsigned chunk_slots = 256;

  slot_table() = default;
  slot_table(const slot_table&) = delete;
  slot_table& operator=(const slot_table&) = delete;
  ~slot_table();

  /// Makes the first chunk, and no more slots than this from now on. Throws std::bad_alloc.
  void open(unsigned slots_max);

  [[nodiscard]] bool has_free() const noexcept {
    if (free_ != nullptr) [[likely]]
      return true;
    return made_ < slots_max_;
  }
  [[nodiscard]] bool has_free(unsigned count) const noexcept;
  [[nodiscard]] unsigned slots_max() const noexcept { return slots_max_; }
  /// has_free() must hold. Throws std::bad_alloc when a new chunk cannot be had.
  [[nodiscard]] slot& take() {
    if (free_ == nullptr) grow();
    return *std::exchange(free_, free_->next_free);
  }
  /// Of an operation that has ended and holds nothing. What the kernel may still say about it has a
  /// name of the past.
  void give_back(slot& s) noexcept {
    s.state = slot_state::free;
    s.name += user_data_generation;
    s.next_free = std::exchange(free_, &s);
  }

  /// Most operations are in its first slots.
  [[nodiscard]] slot* first_chunk() const noexcept { return first_chunk_; }
  /// The slot that a completion says it is about, which may say anything; null where there is none.
  [[nodiscard]] slot* at_index_of(std::uint64_t user_data) noexcept {
    const auto index = static_cast<std::uint32_t>(user_data) & (slot_index_max - 1);
    return index < made_ ? &chunks_[index / chunk_slots][index % chunk_slots] : nullptr;
  }
  template <class F>
  void for_each(F f) {
    for (slot* chunk : chunks_) std::for_each_n(chunk, chunk_slots, f);
  }

 private:
  void grow();

  slot* free_ = nullptr;
  slot* first_chunk_ = nullptr;
  std::vector<slot*> chunks_;
  unsigned made_ = 0;
  unsigned slots_max_ = 0;
};

}  // namespace carousel::detail
