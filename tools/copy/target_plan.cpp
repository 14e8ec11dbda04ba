#include "copy/target_plan.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "common/last_error.hpp"
#include "common/same_time.hpp"
#include "copy/attributes.hpp"
#include "copy/descriptors.hpp"
#include "copy/name_claims.hpp"

namespace carousel::tool {
namespace {

using step = target_plan::step;

target_plan refuse(std::string_view what_it_is) {
  return {.next = step::refuse, .why = {side::target, what_it_is}};
}

target_plan refuse_source(std::string_view before, std::string_view after) {
  return {.next = step::refuse, .why = {side::source, before, true, after}};
}

std::uint64_t marks_of(int directory, const char* name) noexcept {
  struct statx about{};
  constexpr int flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
  return ::statx(directory, name, flags, STATX_TYPE, &about) == 0 ? about.stx_attributes : 0;
}

/// Names are only added there.
bool is_appended_to(int directory) noexcept {
  return (marks_of(directory, "") & STATX_ATTR_APPEND) != 0;
}

target_plan plan_for_file(int directory, const char* name, const struct stat& found) {
  const std::uint64_t marks = marks_of(directory, name);
  if ((marks & STATX_ATTR_IMMUTABLE) != 0)
    return refuse("is immutable; `chattr -i` makes it one that may be replaced");
  if ((marks & STATX_ATTR_APPEND) != 0)
    return refuse("is append-only; `chattr -a` makes it one that may be replaced");
  target_plan plan{.next = step::replace, .replaced = found};
  if ((marks & STATX_ATTR_MOUNT_ROOT) != 0)
    plan.in_place_because = "something is mounted there";
  else if (is_appended_to(directory))
    plan.in_place_because = "the directory is append-only";
  if (!plan.in_place_because.empty()) plan.next = step::write_in_place;
  return plan;
}

/// What has a backup may be anything but a directory: it is not written to.
target_plan plan_with_backup(int directory, const char* name, const struct stat& found) {
  target_plan plan = plan_for_file(directory, name, found);
  plan.replaced.reset();
  if (plan.next == step::write_in_place)
    return refuse("cannot have a backup: it cannot be given another name");
  return plan;
}

/// As -u has it. A directory is never current: it is in the way of what is none.
bool is_current(int directory, const struct stat& file, const newcomer& copy) noexcept {
  if (!copy.changed || S_ISDIR(file.st_mode)) return false;
  const timespec time =
      copy.keeps_times ? kept_there(*copy.changed, directory, file) : *copy.changed;
  return !is_earlier(file.st_mtim, time);
}

/// Whether it is what a copy with -p of `from` leaves, as far as its inode tells. A user's copies
/// need not have the owner.
bool is_finished(int directory, const struct stat& there, const struct stat& from) noexcept {
  if (((there.st_mode ^ from.st_mode) & S_IFMT) != 0 || S_ISDIR(from.st_mode)) return false;
  if (there.st_size != from.st_size || there.st_rdev != from.st_rdev) return false;
  const bool owned = there.st_uid == from.st_uid && there.st_gid == from.st_gid;
  if (!owned && ::geteuid() == 0) return false;
  // What would be somebody else's special bits no copy has.
  const unsigned differs = there.st_mode ^ from.st_mode;
  const unsigned wrong =
      owned ? differs & 07777U : (differs & 0777U) | (differs & there.st_mode & 07000U);
  if (wrong != 0) return false;
  return is_same_time(kept_there(from.st_mtim, directory, there), there.st_mtim);
}

/// Access rules and extended attributes; of times the copy gets new ones anyway.
bool belongs_to_the_old_file(const attribute_loss& lost) {
  const bool of_times = lost.what == attribute::times || lost.what == attribute::link_times;
  return !of_times && lost.comes_to() != fate::kept;
}

}  // namespace

timespec kept_there(timespec time, int fd, const struct stat& file) noexcept {
  constexpr long second_ns = 1'000'000'000;
  long grain = 1;
  for (const long steps : {100L, 1000L, 10'000'000L, second_ns}) {
    const bool shows_finer = file.st_mtim.tv_nsec % steps != 0 ||
                             file.st_ctim.tv_nsec % steps != 0 || file.st_atim.tv_nsec % steps != 0;
    if (!shows_finer) grain = steps;
  }
  time.tv_nsec -= time.tv_nsec % grain;
  struct statfs about{};
  if (grain == second_ns && ::fstatfs(fd, &about) == 0 && about.f_type == MSDOS_SUPER_MAGIC)
    time.tv_sec -= time.tv_sec % 2;
  return time;
}

std::string target_plan::refusal::sentence(std::string_view quoted_target) const {
  std::string said(text);
  if (goes_on) said.append(quoted_target).append(rest);
  return said;
}

target_plan plan_for_target(int directory, const char* name, const newcomer& copy) {
  struct stat found{};
  if (::fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) != 0) return {};
  struct stat behind = found;
  if (S_ISLNK(found.st_mode)) (void)::fstatat(directory, name, &behind, 0);
  const bool made_here =
      !copy.just_made.empty() && (copy.just_made.contains(identity_of(found)) ||
                                  copy.just_made.contains(identity_in(directory, name, found)));
  if (copy.keeps_others && !made_here) return {.next = step::keep};
  if (identity_of(found) == copy.source || identity_of(behind) == copy.source)
    return refuse_source("is the same file as ", "");
  // What is written to is what a link leads to, as cp(1) has it.
  const bool by_name = copy.type != S_IFREG || copy.has_backup;
  const bool dangles = S_ISLNK(behind.st_mode) && !by_name;
  if (!dangles && is_current(directory, by_name ? found : behind, copy))
    return {.next = step::keep, .is_current = true};
  if (copy.resumed != nullptr && is_finished(directory, found, *copy.resumed))
    return {.next = step::keep, .is_current = true};
  if (S_ISDIR(found.st_mode)) return {.next = step::refuse, .why = directory_in_the_way};
  if (made_here) return {.next = step::refuse, .why = just_made};
  if (copy.has_backup) return plan_with_backup(directory, name, found);
  if (S_ISREG(found.st_mode)) return plan_for_file(directory, name, found);
  if (S_ISLNK(found.st_mode) && is_appended_to(directory))
    return refuse(
        "cannot be replaced in an append-only directory; `chattr -a` makes it one where it can");
  // What a link at the target leads to is nothing to what has no content.
  if (copy.type != S_IFREG && S_ISLNK(found.st_mode)) return {.next = step::replace};
  if ((found.st_mode & S_IFMT) == copy.type) return {.next = step::replace};
  if (S_ISDIR(behind.st_mode))
    return refuse("is a link to a directory, which is not replaced by a file");
  if (!S_ISREG(behind.st_mode) && !S_ISLNK(behind.st_mode))
    return refuse(
        "is a device, a FIFO or a socket, which is neither replaced nor written to; "
        "write to it with dd, or remove it first");
  return {.next = step::replace};
}

std::string_view lock_of(int directory) noexcept {
  const bool immutable = (marks_of(directory, "") & STATX_ATTR_IMMUTABLE) != 0;
  return immutable
             ? "cannot be made: its directory is immutable; `chattr -i` makes it one that can be "
               "written to"
             : std::string_view();
}

std::string_view attribute_lock_of(int fd) noexcept {
  const std::uint64_t marks = marks_of(fd, "");
  if ((marks & STATX_ATTR_IMMUTABLE) != 0)
    return "keeps the attributes that it has: it is immutable; `chattr -i` lets it take others";
  if ((marks & STATX_ATTR_APPEND) != 0)
    return "keeps the attributes that it has: it is append-only; `chattr -a` lets it take others";
  return {};
}

result<bool> make_alike(int directory, const char* name, const struct stat& about, int made) {
  const int there = ::openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (there < 0) {
    const std::error_code why = last_error();
    if (out_of_descriptors(why)) return std::unexpected(why);
    return false;
  }
  struct stat opened{};
  const bool same = ::fstat(there, &opened) == 0 && identity_of(opened) == identity_of(about);
  attribute_losses lost;
  if (same)
    lost = copy_attributes(there, made, about, {.preserve = true, .extended = true},
                           inherited_acl::yes);
  ::close(there);
  const std::array<timespec, 2> times{about.st_atim, timespec{0, UTIME_NOW}};
  // To write to a file takes set-ID bits and capabilities from it; that goes for a content of
  // nothing too.
  (void)::ftruncate(made, 0);
  (void)::futimens(made, times.data());
  return same && std::ranges::none_of(lost, belongs_to_the_old_file);
}

}  // namespace carousel::tool
