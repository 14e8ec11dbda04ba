#include "unit_queue.hpp"

#include <utility>

namespace carousel_mpi {
namespace {

/// Of units that nobody has asked for.
constexpr std::size_t met_max = 4;

template <bool First>
std::optional<own_unit> take_from(std::deque<own_unit>& line) {
  if (line.empty()) return std::nullopt;
  own_unit one = std::move(First ? line.front() : line.back());
  First ? line.pop_front() : line.pop_back();
  return one;
}

}  // namespace

void unit_queue::meet(own_unit one) {
  if (is_full()) one.open = {};  // few descriptors wait with units
  met_.push_back(std::move(one));
}

bool unit_queue::is_full() const noexcept { return met_.size() >= met_max; }

std::optional<own_unit> unit_queue::next() {
  return met_.empty() ? take_from<true>(given_) : take_from<false>(met_);
}

std::optional<own_unit> unit_queue::next_met_to_give() { return take_from<true>(met_); }

std::optional<own_unit> unit_queue::next_given_to_give() { return take_from<false>(given_); }

bool unit_queue::close_all() {
  bool some = false;
  for (own_unit& one : met_) {
    some = some || one.open.source.fd() >= 0 || one.open.target.fd() >= 0;
    one.open = {};
  }
  return some;
}

}  // namespace carousel_mpi
