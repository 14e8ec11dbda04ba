#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include "own_unit.hpp"

namespace carousel_mpi {

/// The units that are in a rank's hands and not begun: those that it has met itself, which others
/// may have, and those that it was given, which it keeps unless others have nothing at all.
class unit_queue {
 public:
  void meet(own_unit one);
  void be_given(own_unit one) { given_.push_back(std::move(one)); }

  [[nodiscard]] bool empty() const noexcept { return met_.empty() && given_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return met_.size() + given_.size(); }
  /// Whether more than enough has been met.
  [[nodiscard]] bool is_full() const noexcept;

  /// What is begun next: what was met last is near to what is open.
  [[nodiscard]] std::optional<own_unit> next();
  /// What can be spared first: what was met first is the largest.
  [[nodiscard]] std::optional<own_unit> next_met_to_give();
  [[nodiscard]] std::optional<own_unit> next_given_to_give();

  /// Whether there was anything to close of what units wait with.
  bool close_all();

 private:
  std::deque<own_unit> met_;
  std::deque<own_unit> given_;
};

}  // namespace carousel_mpi
