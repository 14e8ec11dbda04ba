#pragma once

#include <mutex>

#include "carousel/detail/driver/remote_waiter.hpp"

namespace carousel::detail {

/// A place for one value. It is owned by the channel while it is empty or full, and by one thread
/// while that fills or empties it.
struct remote_place {
  remote_place* next = nullptr;
};

/// Who waits for one.
class place_waiter : public remote_waiter {
 public:
  remote_place* place = nullptr;  ///< what it was served; null: the channel is closed

 protected:
  using remote_waiter::remote_waiter;
};

/// The places of a remote_channel, and who waits for one, without the values: those are moved by
/// whoever owns their place, while nobody holds the guard. Senders wait only while no place is
/// empty, receivers only while none is full.
class remote_places {
 public:
  remote_places() = default;
  remote_places(const remote_places&) = delete;
  remote_places& operator=(const remote_places&) = delete;

  [[nodiscard]] std::mutex& guard() noexcept { return guard_; }
  [[nodiscard]] remote_line& senders() noexcept { return senders_; }
  [[nodiscard]] remote_line& receivers() noexcept { return receivers_; }

  // Under the guard.

  /// True: there is an answer now, an empty place or, with null, the end.
  [[nodiscard]] bool take_empty(remote_place*& place) noexcept;
  /// The same of a full one.
  [[nodiscard]] bool take_full(remote_place*& place) noexcept;
  void give_empty(remote_place& place) noexcept;
  /// To the front of what is there, because its receiver does not take it.
  void give_back_full(remote_place& place) noexcept;

  // Without it.

  /// Null: there is none, or the channel is closed.
  [[nodiscard]] remote_place* try_take_empty() noexcept;
  [[nodiscard]] remote_place* try_take_full() noexcept;
  /// It was filled. False: the channel is closed, and the place stays the caller's.
  [[nodiscard]] bool fill(remote_place& place) noexcept;
  /// It was emptied, or is new.
  void empty(remote_place& place) noexcept;
  void close() noexcept;
  [[nodiscard]] bool closed() noexcept;

 private:
  [[nodiscard]] static bool hand_to_first(remote_line& line, remote_place* place) noexcept;

  std::mutex guard_;
  remote_place* empty_ = nullptr;
  remote_place* first_full_ = nullptr;
  remote_place* last_full_ = nullptr;
  bool closed_ = false;
  remote_line senders_;
  remote_line receivers_;
};

}  // namespace carousel::detail
