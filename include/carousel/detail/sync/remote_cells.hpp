#pragma once

#include <mutex>

#include "carousel/detail/driver/remote_waiter.hpp"

namespace carousel::detail {

/// A cell for one value. It is owned by the channel while it is empty or full, and by one thread
/// while that fills or empties it.
struct remote_cell {
  remote_cell* next = nullptr;
};

/// Who waits for one.
class cell_waiter : public remote_waiter {
 public:
  remote_cell* cell = nullptr;  ///< what it was served; null: the channel is closed

 protected:
  using remote_waiter::remote_waiter;
};

/// The cells of a remote_channel, and who waits for one, without the values: those are moved by
/// whoever owns their cell, while nobody holds the guard. Senders wait only while no cell is
/// empty, receivers only while none is full.
class remote_cells {
 public:
  remote_cells() = default;
  remote_cells(const remote_cells&) = delete;
  remote_cells& operator=(const remote_cells&) = delete;

  [[nodiscard]] std::mutex& guard() noexcept { return guard_; }
  [[nodiscard]] remote_line& senders() noexcept { return senders_; }
  [[nodiscard]] remote_line& receivers() noexcept { return receivers_; }

  // Under the guard.

  /// True: there is an answer now, an empty cell or, with null, the end.
  [[nodiscard]] bool take_empty(remote_cell*& cell) noexcept;
  /// The same of a full one.
  [[nodiscard]] bool take_full(remote_cell*& cell) noexcept;
  void give_empty(remote_cell& cell) noexcept;
  /// To the front of what is there, because its receiver does not take it.
  void give_back_full(remote_cell& cell) noexcept;

  // Without it.

  /// Null: there is none, or the channel is closed.
  [[nodiscard]] remote_cell* try_take_empty() noexcept;
  [[nodiscard]] remote_cell* try_take_full() noexcept;
  /// It was filled. False: the channel is closed, and the cell stays the caller's.
  [[nodiscard]] bool fill(remote_cell& cell) noexcept;
  /// It was emptied, or is new.
  void empty(remote_cell& cell) noexcept;
  void close() noexcept;
  [[nodiscard]] bool closed() noexcept;

 private:
  [[nodiscard]] static bool hand_to_first(remote_line& line, remote_cell* cell) noexcept;

  std::mutex guard_;
  remote_cell* empty_ = nullptr;
  remote_cell* first_full_ = nullptr;
  remote_cell* last_full_ = nullptr;
  bool closed_ = false;
  remote_line senders_;
  remote_line receivers_;
};

}  // namespace carousel::detail
