#include "carousel/detail/driver/slot_table.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <new>

#include "base/state_assert.hpp"

namespace carousel::detail {

slot_table::~slot_table() {
  const unsigned slots = std::min(made_, slots_max_);
  unsigned free_slots = 0;
  for (const slot* s = free_; s != nullptr && free_slots <= slots; s = s->next_free) ++free_slots;
  CAROUSEL_ASSERT_STATE(free_slots >= slots,
                        "operations have kept their slots beyond the driver's end: %u of %u",
                        slots - free_slots, slots);
  CAROUSEL_ASSERT_STATE(free_slots == slots,
                        "an operation has given its slot back twice: of %u slots more are free",
                        slots);
  for (slot* chunk : chunks_) {
    std::destroy_n(chunk, chunk_slots);
    ::operator delete(chunk, std::align_val_t{alignof(slot)});
  }
}

void slot_table::open(unsigned slots_max) {
  slots_max_ = slots_max;
  grow();
  first_chunk_ = chunks_.front();
}

bool slot_table::has_free(unsigned count) const noexcept {
  count -= std::min(count, slots_max_ - std::min(made_, slots_max_));
  for (const slot* s = free_; s != nullptr && count != 0; s = s->next_free) --count;
  return count == 0;
}

void slot_table::grow() {
  chunks_.reserve(chunks_.size() + 1);
  auto* chunk = static_cast<slot*>(
      ::operator new(sizeof(slot) * chunk_slots, std::align_val_t{alignof(slot)}));
  chunks_.push_back(chunk);
  for (unsigned i = chunk_slots; i-- > 0;) {
    slot* s = std::construct_at(chunk + i);
    s->name = user_data_generation + user_data_of(completion_kind::operation, made_ + i);
    if (made_ + i < slots_max_) s->next_free = std::exchange(free_, s);
  }
  made_ += chunk_slots;
}

const char* name_of(slot_state state) noexcept {
  switch (state) {
    case slot_state::free: return "free";
    case slot_state::submitted: return "submitted";
    case slot_state::orphaned: return "orphaned";
    case slot_state::done: return "done";
    case slot_state::withdrawn: return "withdrawn";
  }
  return "in no state";
}

const char* in_use(const slot& s) noexcept {
  static thread_local std::array<char, 160> sentence;
  std::snprintf(sentence.data(), sentence.size(),
                "an operation got the slot of another one: number %u is %s, for %s",
                static_cast<unsigned>(s.name) & (slot_index_max - 1), name_of(s.state),
                name_of(s.code));
  return sentence.data();
}

}  // namespace carousel::detail
