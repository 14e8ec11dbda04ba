#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "worker.hpp"

// What a copier meets and others may do.

namespace carousel_mpi {
namespace {

using carousel::directory_entry;
using carousel::result;
using carousel::task;
using tool::place;

/// Directories of fewer entries are copied by one rank: many who make names in one directory wait
/// for each other.
constexpr std::size_t entries_shared_min = 1024;
/// Files that the command line names, in one unit.
constexpr std::size_t operands_at_once = 16;

std::int64_t depth_of(const place& where) noexcept {
  std::int64_t depth = 0;
  for (const place* at = &where; at->parent; at = at->parent.get()) ++depth;
  return depth;
}

}  // namespace

/// A dry run is rank 0's alone: what one name would be depends on what others would have become.
bool worker::shares() const noexcept { return box_.ranks() > 1 && !how_.options.dry_run; }

result<> worker::finds(const place& where) { return how_.mark.clean(where.target.fd()); }

result<bool> worker::leads_to_copy(const place& where, bool by_link) {
  if (!shares()) return false;
  return places_.is_copy(where, by_link);
}

/// What the command line names is found again by its name, so that no descriptor waits with it.
bool worker::takes_directory(const std::shared_ptr<place>& from, const named_directory& it) {
  if (!shares() || it.is_last || it.claimed.comes_late || !it.claimed.rival.empty()) return false;
  own_unit one{.unit = {.what = work_unit::kind::directory,
                        .name = it.name,
                        .was_free = it.claimed.was_free}};
  if (from->parent == nullptr) {
    one.unit.where = places_.name_directory(*from, it.name, it.target_name, it.follow);
    meet(std::move(one));
    return true;
  }
  if (wants_ == want::none && queue_.is_full()) return false;
  late_.insert(from.get());
  one.where = from;
  one.open = {from->source, from->target};
  one.claimed = it.claimed;
  one.follow = it.follow;
  one.target_name = it.target_name;
  meet(std::move(one));
  return true;
}

bool worker::takes_files(const std::shared_ptr<place>& where, std::size_t in_all,
                         std::vector<directory_entry>& files) {
  if (!shares() || in_all < entries_shared_min) return false;
  if (wants_ == want::none && queue_.is_full()) return false;
  late_.insert(where.get());
  own_unit one{.unit = {.what = work_unit::kind::files, .files = std::move(files)},
               .where = where,
               .open = {where->source, where->target}};
  meet(std::move(one));
  return true;
}

/// A name that is not free as it is spelt is for who knows the others.
bool worker::takes_operand(const tool::file_job& job, const struct stat& about) {
  if (!shares() || !job.claimed.rival.empty() || job.claimed.comes_late) return false;
  operands_.push_back({places_.spot_of(job.where), job.source_name, job.target_name, about.st_ino,
                       about.st_mode & S_IFMT, job.claimed.was_free, job.follow});
  if (operands_.size() >= operands_at_once) meet_operands();
  return true;
}

void worker::meet_operands() {
  if (operands_.empty()) return;
  meet({.unit = {.what = work_unit::kind::names, .names = std::exchange(operands_, {})}});
}

void worker::meet(own_unit one) {
  queue_.meet(std::move(one));
  came_.set();
}

bool worker::takes_name(const tool::file_job& job, const struct stat& about) {
  if (!shares() || now_ != phase::files) return false;
  if (job.where->parent) late_.insert(job.where.get());
  names_.push_back({places_.spot_of(job.where), job.source_name, job.target_name, about.st_ino,
                    about.st_mode & S_IFMT, job.claimed.was_free, job.follow});
  return true;
}

/// Its attributes are set when nothing is made in it any more, by the rank that has made it.
bool worker::takes_end(const std::shared_ptr<place>& where) {
  if (late_.erase(where.get()) == 0) return false;
  ++where->pending;  // for good: what comes later does not finish it
  ends_[depth_of(*where)].push_back(where);
  return true;
}

bool worker::takes_content(const struct stat& about) const {
  return shares() && static_cast<std::uint64_t>(about.st_size) >= 2 * how_.part_bytes;
}

task<result<tool::copied_content>> worker::copy_content(open_content content,
                                                        tool::content_progress& progress) {
  return cut_.copy(std::move(content), progress);
}

task<result<bool>> worker::verify_content(open_content content) {
  return cut_.compare(std::move(content));
}

work_unit worker::for_others(own_unit one) {
  if (one.where) one.unit.where = places_.spot_of(one.where);
  return std::move(one.unit);
}

}  // namespace carousel_mpi
