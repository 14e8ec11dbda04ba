#include "copy/attributes.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <vector>

#include "common/last_error.hpp"
#include "common/naming.hpp"

namespace carousel::tool {
namespace {

constexpr const char* access_acl = "system.posix_acl_access";
constexpr const char* default_acl = "system.posix_acl_default";
constexpr std::size_t xattr_bytes_max = 65536;  // XATTR_LIST_MAX and XATTR_SIZE_MAX of the kernel

bool none(int error) noexcept { return error == ENOTSUP || error == ENODATA || error == ENOSYS; }

std::error_code copy_one_xattr(int from, int to, const char* name, attribute_loss& loss) {
  static thread_local std::array<char, xattr_bytes_max> value;
  const ssize_t bytes = ::fgetxattr(from, name, value.data(), value.size());
  if (bytes < 0) return errno == ENODATA ? std::error_code{} : last_error();
  if (::fsetxattr(to, name, value.data(), static_cast<std::size_t>(bytes), 0) == 0) return {};
  if (errno == ENOTSUP) {
    loss =
        "extended attributes and access control lists are not kept: the target's file system "
        "does not take them";
    return {};
  }
  if (errno != EPERM && errno != EACCES) return last_error();
  loss = fmt::format("the extended attribute {} is not kept: setting it needs more privileges",
                     shell_quoted(name));
  return {};
}

std::error_code copy_xattrs(int from, int to, attribute_loss& loss) {
  static thread_local std::array<char, xattr_bytes_max> names;
  const ssize_t bytes = ::flistxattr(from, names.data(), names.size());
  if (bytes < 0) return none(errno) ? std::error_code{} : last_error();
  std::string_view rest(names.data(), static_cast<std::size_t>(bytes));
  while (!rest.empty()) {
    const char* name = rest.data();
    rest.remove_prefix(std::string_view(name).size() + 1);
    if (const auto why = copy_one_xattr(from, to, name, loss)) return why;
  }
  return {};
}

std::error_code drop_inherited_acl(int to, bool directory) {
  if (::fremovexattr(to, access_acl) != 0 && !none(errno)) return last_error();
  if (directory && ::fremovexattr(to, default_acl) != 0 && !none(errno)) return last_error();
  return {};
}

}  // namespace

/// Owner before the rest: chown(2) takes set-user-ID bits and capabilities away. Who may not give files away keeps them,
/// without those bits. The mode after the access control list, whose mask it agrees with.
std::error_code copy_attributes(int from, int to, const struct stat& about,
                                const attribute_options& options, bool inherits_acl,
                                attribute_loss& loss) {
  if (!options.preserve) return {};
  unsigned mode = about.st_mode & 07777U;
  struct stat made{};
  if (::fstat(to, &made) != 0) return last_error();
  const bool own = made.st_uid == about.st_uid && made.st_gid == about.st_gid;
  if (!own && ::fchown(to, about.st_uid, about.st_gid) != 0) mode &= 01777U;
  if (inherits_acl) {
    if (const auto why = drop_inherited_acl(to, S_ISDIR(about.st_mode))) return why;
  }
  if (options.extended) {
    if (const auto why = copy_xattrs(from, to, loss)) return why;
  }
  // What a small file has already need not go through the journal again.
  const bool same_mode = own && !inherits_acl && (made.st_mode & 07777U) == mode;
  if (!same_mode && ::fchmod(to, mode) != 0) return last_error();
  const std::array<timespec, 2> times{about.st_atim, about.st_mtim};
  return ::futimens(to, times.data()) == 0 ? std::error_code{} : last_error();
}

std::error_code copy_link_attributes(int directory, const char* name, const struct stat& about) {
  // A user who may not give links away keeps them.
  (void)::fchownat(directory, name, about.st_uid, about.st_gid, AT_SYMLINK_NOFOLLOW);
  const std::array<timespec, 2> times{about.st_atim, about.st_mtim};
  const int done = ::utimensat(directory, name, times.data(), AT_SYMLINK_NOFOLLOW);
  return done == 0 || errno == EOPNOTSUPP ? std::error_code{} : last_error();
}

bool gives_acl(int directory) noexcept {
  // A directory that one may not list does not tell.
  return ::fgetxattr(directory, default_acl, nullptr, 0) > 0 || errno == EBADF;
}

}  // namespace carousel::tool
