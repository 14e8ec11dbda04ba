#include "carousel/detail/sync/remote_cells.hpp"

#include <utility>

namespace carousel::detail {

/// False: nobody waits there.
bool remote_cells::hand_to_first(remote_line& line, remote_cell* cell) noexcept {
  if (line.empty()) return false;
  auto& first = static_cast<cell_waiter&>(line.pop_front());
  first.cell = cell;
  first.serve();
  return true;
}

bool remote_cells::take_empty(remote_cell*& cell) noexcept {
  if (closed_) return true;
  if (empty_ == nullptr) return false;
  cell = std::exchange(empty_, empty_->next);
  return true;
}

bool remote_cells::take_full(remote_cell*& cell) noexcept {
  if (first_full_ == nullptr) return closed_;
  cell = std::exchange(first_full_, first_full_->next);
  return true;
}

void remote_cells::give_empty(remote_cell& cell) noexcept {
  if (hand_to_first(senders_, &cell)) return;
  cell.next = std::exchange(empty_, &cell);
}

void remote_cells::give_back_full(remote_cell& cell) noexcept {
  if (hand_to_first(receivers_, &cell)) return;
  if (first_full_ == nullptr) last_full_ = &cell;
  cell.next = std::exchange(first_full_, &cell);
}

remote_cell* remote_cells::try_take_empty() noexcept {
  const std::lock_guard hold(guard_);
  remote_cell* cell = nullptr;
  (void)take_empty(cell);
  return cell;
}

remote_cell* remote_cells::try_take_full() noexcept {
  const std::lock_guard hold(guard_);
  remote_cell* cell = nullptr;
  (void)take_full(cell);
  return cell;
}

bool remote_cells::fill(remote_cell& cell) noexcept {
  const std::lock_guard hold(guard_);
  if (closed_) return false;
  if (hand_to_first(receivers_, &cell)) return true;
  cell.next = nullptr;
  (first_full_ == nullptr ? first_full_ : last_full_->next) = &cell;
  last_full_ = &cell;
  return true;
}

void remote_cells::empty(remote_cell& cell) noexcept {
  const std::lock_guard hold(guard_);
  give_empty(cell);
}

void remote_cells::close() noexcept {
  const std::lock_guard hold(guard_);
  closed_ = true;
  while (hand_to_first(senders_, nullptr)) {
  }
  while (hand_to_first(receivers_, nullptr)) {
  }
}

bool remote_cells::closed() noexcept {
  const std::lock_guard hold(guard_);
  return closed_;
}

}  // namespace carousel::detail
