#include "coordinator.hpp"

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "part_outcome.hpp"

namespace carousel_mpi {
namespace {

// In units for each rank: below the first others are asked to give, above the second to keep. They
// are far apart because all ranks are told; the second bounds what one message brings to half of
// it, so that a rank that copies thousands of small directories in a second asks some times.
constexpr std::size_t pool_low = 2;
constexpr std::size_t pool_high = 32;
/// In parts of large files for each rank: below that a part is for who has none.
constexpr std::size_t parts_low = 2;
/// Given out at once.
constexpr std::size_t units_max = 64;
/// Of a large directory, when few are left: to ask for fewer would take as long as to copy them.
constexpr std::size_t files_min = 4;
/// Of a large directory, which count as a unit for those who will have nothing soon.
constexpr std::size_t files_in_unit = 16;
/// Above that those that were met last go first, which are deep and small: memory.
constexpr std::size_t pool_wide = 65536;
/// Names of files that have several, in one unit.
constexpr std::size_t names_in_unit = 64;

message only(talk about) { return message_writer().put(about).take(); }

}  // namespace

coordinator::coordinator(mailbox& box, std::size_t threads)
    : box_(box),
      ranks_(static_cast<std::size_t>(box.ranks())),
      copying_(ranks_.size() * std::max<std::size_t>(threads, 1)) {}

bool coordinator::take(int from, talk about, message_reader& what) {
  rank_state& sender = ranks_[static_cast<std::size_t>(from)];
  switch (about) {
    case talk::asks: sender.units = what.take<need>(); return true;
    case talk::asks_part: sender.part = what.take<need>(); return true;
    case talk::gives:
      while (!what.empty()) add(what.take<message>());
      return true;
    case talk::cuts:
      while (!what.empty()) parts_.push_back(take_file_part(what));
      return true;
    case talk::leaves:
      while (!what.empty()) {
        named_file one = take_named_file(what);
        names_[one.inode].push_back(std::move(one));
      }
      return true;
    case talk::is_idle: sender.idle = what.take<std::uint64_t>() == sender.sent; return true;
    case talk::is_out: sender.out = true; return true;
    case talk::ended:
      deepest_ = std::max(deepest_, what.take<std::int64_t>());
      --ends_awaited_;
      return true;
    default: return false;
  }
}

void coordinator::go_on() {
  stop_if_all_are_out();
  give_units();
  give_parts();
  say_what_is_wanted();
  if (now_ == phase::ends && ends_awaited_ == 0) {
    if (deepest_ >= 0) return end_directories(deepest_);
    now_ = phase::over;
    tell_all(only(talk::over));
  }
  if (!is_quiet()) return;
  if (now_ == phase::files) {
    now_ = phase::links;
    tell_all(only(talk::links));
    begin_links();
  } else if (now_ == phase::links) {
    now_ = phase::ends;
    end_directories(-1);  // nothing is that deep: each says where it has some
  }
}

bool coordinator::is_quiet() const noexcept {
  return pool_.empty() && returned_.empty() && parts_.empty() && now_ < phase::ends &&
         std::ranges::all_of(ranks_, &rank_state::idle);
}

/// To those who have nothing, and where more than `left_min` is left to those who will have.
template <class Give>
void coordinator::give_in_turn(need rank_state::* asked, std::size_t left_min, const Give& give) {
  for (const need first : {need::now, need::soon}) {
    for (std::size_t tried = 0; tried < ranks_.size(); ++tried) {
      if (give.left() <= (first == need::now ? 0 : left_min)) break;
      const std::size_t to = next_++ % ranks_.size();
      rank_state& asking = ranks_[to];
      if (asking.*asked != first || asking.out) continue;
      auto next = give.next(to);
      if (!next) continue;
      asking.*asked = need::none;
      asking.idle = false;
      ++asking.sent;
      box_.send(static_cast<int>(to), std::move(*next));
    }
  }
}

/// The rank that could not get there tries again if nobody else is left.
bool coordinator::suits(std::size_t rank, std::int32_t not_for) const {
  if (not_for != static_cast<std::int32_t>(rank)) return true;
  return std::ranges::count(ranks_, false, &rank_state::out) == 1;
}

void coordinator::add(message unit) {
  if (not_for_of(unit) != nobody) {
    returned_.push_back(std::move(unit));
    return;
  }
  files_ += files_of(unit);
  pool_.push_back(std::move(unit));
}

message coordinator::take_next() {
  const bool last_first = pool_.size() > pool_wide;
  message unit = std::move(last_first ? pool_.back() : pool_.front());
  last_first ? pool_.pop_back() : pool_.pop_front();
  files_ -= files_of(unit);
  return unit;
}

/// Less as less is left, so that all end at the same time: of units, and of the files of a large
/// directory, whose units are cut.
message coordinator::next_units() {
  message_writer units;
  units.put(talk::units);
  const std::size_t share =
      std::clamp<std::size_t>(pool_.size() / (2 * ranks_.size()), 1, units_max);
  std::size_t files = std::max(files_ / (2 * copying_), files_min);
  for (std::size_t given = 0; given < share && files != 0; ++given) {
    message unit = take_next();
    if (files_of(unit) > files) {
      message rest = cut_files_of(unit, files);
      files_ += files_of(rest);
      pool_.push_front(std::move(rest));
    }
    files -= files_of(unit);
    units.put(std::string_view(unit));
  }
  return units.take();
}

std::optional<message> coordinator::next_returned(std::size_t to) {
  const auto one = std::ranges::find_if(
      returned_, [&](const message& unit) { return suits(to, not_for_of(unit)); });
  if (one == returned_.end()) return std::nullopt;
  message_writer units;
  units.put(talk::units).put(std::string_view(*one));
  returned_.erase(one);
  return units.take();
}

std::optional<message> coordinator::next_part(std::size_t to) {
  const auto one =
      std::ranges::find_if(parts_, [&](const file_part& part) { return suits(to, part.not_for); });
  if (one == parts_.end()) return std::nullopt;
  message_writer part;
  part.put(talk::part);
  put(part, *one);
  parts_.erase(one);
  return part.take();
}

void coordinator::give_units() {
  struct {
    coordinator& here;
    [[nodiscard]] std::size_t left() const {
      return here.pool_.size() + here.returned_.size() + here.files_ / files_in_unit;
    }
    [[nodiscard]] std::optional<message> next(std::size_t to) const {
      auto returned = here.next_returned(to);
      if (returned || here.pool_.empty()) return returned;
      return here.next_units();
    }
  } const give{*this};
  give_in_turn(&rank_state::units, pool_low * ranks_.size(), give);
}

void coordinator::give_parts() {
  struct {
    coordinator& here;
    [[nodiscard]] std::size_t left() const { return here.parts_.size(); }
    [[nodiscard]] std::optional<message> next(std::size_t to) const { return here.next_part(to); }
  } const give{*this};
  give_in_turn(&rank_state::part, parts_low * ranks_.size(), give);
}

/// What is left is nobody's then, and whoever waits for a part waits in vain.
void coordinator::stop_if_all_are_out() {
  if (!std::ranges::all_of(ranks_, &rank_state::out)) return;
  give_up();
  pool_.clear();
  returned_.clear();
  files_ = 0;
  names_.clear();
  for (const file_part& part : parts_) {
    message_writer refused;
    refused.put(talk::part_done).put(part.ticket);
    put(refused, part_outcome{.error = ECANCELED});
    box_.send(part.owner, refused.take());
  }
  parts_.clear();
}

void coordinator::give_up() {
  std::vector<work_unit> left;
  for (const std::deque<message>* const units : {&pool_, &returned_})
    for (const message& unit : *units) left.push_back(unpacked(unit));
  for (const auto& [inode, names] : names_)
    left.push_back({.what = work_unit::kind::names, .names = names});
  std::set<std::pair<std::int32_t, std::uint64_t>> cut;
  for (const file_part& part : parts_)
    if (cut.emplace(part.owner, part.ticket).second)
      left.push_back({.what = work_unit::kind::names, .names = {{part.where, part.name}}});
  const bool first = !std::exchange(gave_up_, true) && now_ < phase::ends;
  if (first || !left.empty()) gives_up(left);
}

want coordinator::wanted() const {
  const std::size_t low = pool_low * ranks_.size();
  if (pool_.size() >= pool_high * ranks_.size()) return want::none;
  if (pool_.size() >= low) return std::min(wants_, want::met);
  const auto has_nothing = [](const rank_state& r) { return r.units == need::now && !r.out; };
  const bool in_vain = pool_.empty() && std::ranges::any_of(ranks_, has_nothing);
  return in_vain ? want::all : std::max(wants_, want::met);
}

void coordinator::say_what_is_wanted() {
  const want wants = wanted();
  if (wants == wants_) return;
  wants_ = wants;
  tell_all(message_writer().put(talk::wants).put(wants).take());
}

/// All names of one inode go to one rank. The number alone may be that of several files, on several
/// file systems: it is for that rank to tell them apart.
void coordinator::begin_links() {
  std::vector<std::vector<named_file>> files;
  files.reserve(names_.size());
  for (auto& [inode, names] : std::exchange(names_, {})) {
    std::ranges::sort(names, {}, [](const named_file& n) { return std::pair(n.where, n.name); });
    files.push_back(std::move(names));
  }
  std::ranges::sort(files, {}, [](const auto& names) {
    return std::pair(names.front().where, names.front().name);
  });
  work_unit unit{.what = work_unit::kind::names};
  for (auto& names : files) {
    std::ranges::move(names, std::back_inserter(unit.names));
    if (unit.names.size() < names_in_unit) continue;
    add(packed(std::exchange(unit, {.what = work_unit::kind::names})));
  }
  if (!unit.names.empty()) add(packed(unit));
}

void coordinator::end_directories(std::int64_t depth) {
  deepest_ = -1;
  ends_awaited_ = ranks_.size();
  tell_all(message_writer().put(talk::ends).put(depth).take());
}

void coordinator::tell_all(const message& what) {
  for (int to = 0; to < box_.ranks(); ++to) box_.send(to, what);
}

}  // namespace carousel_mpi
