#include "copy/existing.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "copy/attributes.hpp"

namespace carousel::tool {
namespace {

std::uint64_t marks_of(int directory, const char* name) noexcept {
  struct statx about{};
  constexpr int flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
  return ::statx(directory, name, flags, STATX_TYPE, &about) == 0 ? about.stx_attributes : 0;
}

/// Access rules and extended attributes; of times the copy gets new ones anyway.
bool belongs_to_the_old_file(const attribute_loss& lost) {
  const bool of_times = lost.what == attribute::times || lost.what == attribute::link_times;
  return !of_times && lost.comes_to() != fate::kept;
}

}  // namespace

std::optional<existing_file> find_existing(int directory, const char* name) {
  struct stat about{};
  if (::fstatat(directory, name, &about, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  return examine_existing(directory, name, about);
}

std::optional<existing_file> examine_existing(int directory, const char* name,
                                              const struct stat& about) {
  if (!S_ISREG(about.st_mode)) return std::nullopt;
  existing_file found{.about = about};
  const std::uint64_t marks = marks_of(directory, name);
  if ((marks & STATX_ATTR_IMMUTABLE) != 0)
    found.locked = "is immutable; `chattr -i` makes it one that may be replaced";
  else if ((marks & STATX_ATTR_APPEND) != 0)
    found.locked = "is append-only; `chattr -a` makes it one that may be replaced";
  if ((marks & STATX_ATTR_MOUNT_ROOT) != 0)
    found.fixed = "something is mounted there";
  else if ((marks_of(directory, "") & STATX_ATTR_APPEND) != 0)
    found.fixed = "the directory is append-only";
  return found;
}

bool make_alike(int directory, const char* name, const struct stat& about, int made) {
  const int there = ::openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (there < 0) return false;
  struct stat opened{};
  const bool same = ::fstat(there, &opened) == 0 && opened.st_dev == about.st_dev &&
                    opened.st_ino == about.st_ino;
  attribute_losses lost;
  if (same) lost = copy_attributes(there, made, about, {true, true}, true);
  ::close(there);
  const std::array<timespec, 2> times{about.st_atim, timespec{0, UTIME_NOW}};
  (void)::futimens(made, times.data());
  return same && std::ranges::none_of(lost, belongs_to_the_old_file);
}

}  // namespace carousel::tool
