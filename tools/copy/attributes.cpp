#include "copy/attributes.hpp"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "copy/extended_attributes.hpp"
#include "copy/path_only.hpp"

namespace carousel::tool {
namespace {

constexpr uid_t same_owner = static_cast<uid_t>(-1);

bool is_owned_as(const struct stat& made, const struct stat& about) noexcept {
  return made.st_uid == about.st_uid && made.st_gid == about.st_gid;
}

/// False: not both are those of the original now. Who may not give the file away can still be a
/// member of its group.
template <class Chown>
bool keep_owner(const struct stat& made, const struct stat& about, attribute_losses& lost,
                Chown chown) {
  if (is_owned_as(made, about) || chown(about.st_uid, about.st_gid) == 0) return true;
  if (made.st_uid != about.st_uid) lost.push_back({attribute::owner, errno});
  if (made.st_gid != about.st_gid && chown(same_owner, about.st_gid) != 0)
    lost.push_back({attribute::group, errno});
  return false;
}

/// Where all files have one mode, changing it is refused although it is the right one. errno
/// otherwise.
bool set_mode(int fd, unsigned mode) noexcept {
  if (change_mode(fd, mode) == 0) return true;
  const int why = errno;
  struct stat now{};
  const bool has_it = ::fstat(fd, &now) == 0 && (now.st_mode & 07777U) == mode;
  errno = why;
  return has_it;
}

std::array<timespec, 2> times_of(const struct stat& about) noexcept {
  return {about.st_atim, about.st_mtim};
}

}  // namespace

/// Owner before the rest: chown(2) takes set-user-ID bits and capabilities away. Where it could not
/// be kept they would be somebody else's. The mode after the access control list, whose mask it
/// agrees with.
attribute_losses copy_attributes(int from, int to, const struct stat& about,
                                 const struct stat& made, const attribute_options& options,
                                 inherited_acl inherits_acl) {
  attribute_losses lost;
  if (!options.preserve) return lost;
  const bool directory = S_ISDIR(about.st_mode);
  const bool inherits = inherits_acl == inherited_acl::yes;
  unsigned mode = about.st_mode & 07777U;
  const bool owned = keep_owner(
      made, about, lost, [to](uid_t owner, gid_t group) { return change_owner(to, owner, group); });
  // Sticky directories guard the files of others, whoever owns them.
  if (!owned) mode = directory ? (mode & 01777U) | (made.st_mode & 01000U) : mode & 0777U;
  bool opened = false;
  const bool is_bare = options.lists_all && !inherits && ::flistxattr(from, nullptr, 0) == 0;
  if (!is_bare) {
    mode = copy_access_lists(from, to, directory, inherits_acl, mode, lost);
    if (options.extended) opened = copy_extended(xattr_end(from), xattr_end(to), owned, lost);
  }
  if (options.extended && options.replaces)
    opened = remove_others(xattr_end(from), xattr_end(to), lost) || opened;
  // What a small file has already need not go through the journal again.
  const bool same_mode =
      is_owned_as(made, about) && !inherits && !opened && (made.st_mode & 07777U) == mode;
  if (!same_mode && !set_mode(to, mode)) lost.push_back({attribute::mode, errno});
  const auto times = times_of(about);
  if (change_times(to, times) != 0) lost.push_back({attribute::times, errno});
  return lost;
}

attribute_losses copy_attributes(int from, int to, const struct stat& about,
                                 const attribute_options& options, inherited_acl inherits_acl) {
  struct stat made{};
  if (options.preserve && ::fstat(to, &made) != 0) return {{attribute::mode, errno}};
  return copy_attributes(from, to, about, made, options, inherits_acl);
}

attribute_losses copy_link_attributes(const link_name& from, const link_name& to,
                                      const struct stat& about, const attribute_options& options) {
  attribute_losses lost;
  if (!options.preserve) return lost;
  struct stat made{};
  if (::fstatat(to.directory, to.name, &made, AT_SYMLINK_NOFOLLOW) != 0) {
    lost.push_back({attribute::owner, errno});
    return lost;
  }
  (void)keep_owner(made, about, lost, [&](uid_t owner, gid_t group) {
    return ::fchownat(to.directory, to.name, owner, group, AT_SYMLINK_NOFOLLOW);
  });
  if (options.extended)
    (void)copy_extended(xattr_end(from.directory, from.name), xattr_end(to.directory, to.name),
                        true, lost);
  const auto times = times_of(about);
  if (::utimensat(to.directory, to.name, times.data(), AT_SYMLINK_NOFOLLOW) != 0)
    lost.push_back({attribute::link_times, errno});
  return lost;
}

}  // namespace carousel::tool
