#include "carousel/detail/sync/remote_places.hpp"

#include <utility>

namespace carousel::detail {

/// False: nobody waits there.
bool remote_places::hand_to_first(remote_line& line, remote_place* place) noexcept {
  if (line.empty()) return false;
  auto& first = static_cast<place_waiter&>(line.pop_front());
  first.place = place;
  first.serve();
  return true;
}

bool remote_places::take_empty(remote_place*& place) noexcept {
  if (closed_) return true;
  if (empty_ == nullptr) return false;
  place = std::exchange(empty_, empty_->next);
  return true;
}

bool remote_places::take_full(remote_place*& place) noexcept {
  if (first_full_ == nullptr) return closed_;
  place = std::exchange(first_full_, first_full_->next);
  return true;
}

void remote_places::give_empty(remote_place& place) noexcept {
  if (hand_to_first(senders_, &place)) return;
  place.next = std::exchange(empty_, &place);
}

void remote_places::give_back_full(remote_place& place) noexcept {
  if (hand_to_first(receivers_, &place)) return;
  if (first_full_ == nullptr) last_full_ = &place;
  place.next = std::exchange(first_full_, &place);
}

remote_place* remote_places::try_take_empty() noexcept {
  const std::lock_guard hold(guard_);
  remote_place* place = nullptr;
  (void)take_empty(place);
  return place;
}

remote_place* remote_places::try_take_full() noexcept {
  const std::lock_guard hold(guard_);
  remote_place* place = nullptr;
  (void)take_full(place);
  return place;
}

bool remote_places::fill(remote_place& place) noexcept {
  const std::lock_guard hold(guard_);
  if (closed_) return false;
  if (hand_to_first(receivers_, &place)) return true;
  place.next = nullptr;
  (first_full_ == nullptr ? first_full_ : last_full_->next) = &place;
  last_full_ = &place;
  return true;
}

void remote_places::empty(remote_place& place) noexcept {
  const std::lock_guard hold(guard_);
  give_empty(place);
}

void remote_places::close() noexcept {
  const std::lock_guard hold(guard_);
  closed_ = true;
  while (hand_to_first(senders_, nullptr)) {
  }
  while (hand_to_first(receivers_, nullptr)) {
  }
}

bool remote_places::closed() noexcept {
  const std::lock_guard hold(guard_);
  return closed_;
}

}  // namespace carousel::detail
