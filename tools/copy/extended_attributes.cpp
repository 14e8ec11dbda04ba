#include "copy/extended_attributes.hpp"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <vector>

#include "copy/path_only.hpp"

namespace carousel::tool {
namespace {

constexpr std::size_t xattr_bytes_max = 65536;  // XATTR_LIST_MAX and XATTR_SIZE_MAX of the kernel

/// A star stands for any end. The reasons are in docs/attributes.md.
constexpr std::array<std::string_view, 14> left_behind = {
    "system.posix_acl_access",
    "system.posix_acl_default",
    "security.evm",
    "trusted.SGI_ACL_DEFAULT",
    "trusted.SGI_ACL_FILE",
    "trusted.SGI_CAP_FILE",
    "trusted.SGI_DMI_*",
    "trusted.SGI_MAC_FILE",
    "xfsroot.*",
    "trusted.overlay.origin",
    "trusted.overlay.upper",
    "trusted.overlay.uuid",
    "afs.*",
    "user.Beagle.*",
};

bool matches(std::string_view name, std::string_view pattern) noexcept {
  if (!pattern.ends_with('*')) return name == pattern;
  pattern.remove_suffix(1);
  return name.starts_with(pattern);
}

/// Makes the file writable for its owner, as attributes user.* ask for; false: it is, or that is
/// not possible.
bool make_writable(int fd) noexcept {
  struct stat about{};
  if (fd < 0 || ::fstat(fd, &about) != 0 || (about.st_mode & S_IWUSR) != 0) return false;
  return change_mode(fd, (about.st_mode & 07777U) | S_IWUSR) == 0;
}

bool is_capability(std::string_view name) noexcept { return name == "security.capability"; }

/// Whether a new file would not have it by itself, as it has a label.
bool is_given(std::string_view name) noexcept {
  return !stays_behind(name) &&
         (name.starts_with("user.") || name.starts_with("trusted.") || is_capability(name));
}

using list_of_names = std::array<char, xattr_bytes_max>;

/// None and errno where they cannot be listed.
std::optional<std::vector<const char*>> names_of(const xattr_end& of, list_of_names& room) {
  const ssize_t bytes = of.list(room);
  if (bytes < 0) return std::nullopt;
  std::vector<const char*> names;
  std::string_view rest(room.data(), static_cast<std::size_t>(bytes));
  while (!rest.empty()) {
    names.push_back(rest.data());
    rest.remove_prefix(std::string_view(names.back()).size() + 1);
  }
  return names;
}

/// Calls it, and once more with the file open to its owner where that was missing; `opened` says
/// whether it is.
template <class Call>
int with_access(const xattr_end& to, bool& opened, Call call) {
  const int done = call();
  if (done == 0 || errno != EACCES || opened) return done;
  opened = make_writable(to.fd());
  if (opened) return call();
  errno = EACCES;
  return done;
}

}  // namespace

xattr_end::xattr_end(int directory, std::string_view name)
    : path_(std::string(path_in_proc(directory).data()) + "/" + std::string(name)) {
  static const bool has_proc = ::access("/proc/self/fd", X_OK) == 0;
  if (!has_proc) path_.clear();
}

ssize_t xattr_end::list(std::span<char> names) const noexcept {
  if (fd_ < 0 && path_.empty()) return errno = ENOSYS, -1;
  if (fd_ < 0) return ::llistxattr(path_.c_str(), names.data(), names.size());
  const ssize_t n = ::flistxattr(fd_, names.data(), names.size());
  if (n >= 0 || errno != EBADF) return n;
  return ::listxattr(path_in_proc(fd_).data(), names.data(), names.size());
}

ssize_t xattr_end::get(const char* name, std::span<char> value) const noexcept {
  if (fd_ < 0) return ::lgetxattr(path_.c_str(), name, value.data(), value.size());
  const ssize_t n = ::fgetxattr(fd_, name, value.data(), value.size());
  if (n >= 0 || errno != EBADF) return n;
  return ::getxattr(path_in_proc(fd_).data(), name, value.data(), value.size());
}

int xattr_end::set(const char* name, std::span<const char> value) const noexcept {
  if (fd_ < 0) return ::lsetxattr(path_.c_str(), name, value.data(), value.size(), 0);
  if (::fsetxattr(fd_, name, value.data(), value.size(), 0) == 0) return 0;
  if (errno != EBADF) return -1;
  return ::setxattr(path_in_proc(fd_).data(), name, value.data(), value.size(), 0);
}

int xattr_end::remove(const char* name) const noexcept {
  if (fd_ < 0) return ::lremovexattr(path_.c_str(), name);
  if (::fremovexattr(fd_, name) == 0) return 0;
  return errno == EBADF ? ::removexattr(path_in_proc(fd_).data(), name) : -1;
}

std::span<char> xattr_value_room() noexcept {
  static thread_local std::array<char, xattr_bytes_max> room;
  return room;
}

bool stays_behind(std::string_view name) noexcept {
  return std::ranges::any_of(left_behind,
                             [&](std::string_view pattern) { return matches(name, pattern); });
}

bool copy_extended(const xattr_end& from, const xattr_end& to, bool privileges,
                   attribute_losses& lost) {
  static thread_local list_of_names names;
  const auto all = names_of(from, names);
  if (!all) {
    lost.push_back({attribute::extended_names, errno});
    return false;
  }
  bool opened = false;
  for (const char* const c_name : *all) {
    const std::string_view name(c_name);
    if (stays_behind(name)) continue;
    if (name.starts_with("system.")) {
      lost.push_back({attribute::system, ENOTSUP, std::string(name)});
      continue;
    }
    if (is_capability(name) && !privileges) {
      lost.push_back({attribute::extended, EPERM, std::string(name)});
      continue;
    }
    const std::span<char> room = xattr_value_room();
    const ssize_t length = from.get(c_name, room);
    if (length < 0) {
      // What went away meanwhile is not lost.
      if (errno != ENODATA) lost.push_back({attribute::extended_value, errno, std::string(name)});
      continue;
    }
    const std::span<const char> value = room.first(static_cast<std::size_t>(length));
    const int done = with_access(to, opened, [&] { return to.set(c_name, value); });
    if (done != 0) lost.push_back({attribute::extended, errno, std::string(name)});
  }
  return opened;
}

bool remove_others(const xattr_end& from, const xattr_end& to, attribute_losses& lost) {
  static thread_local list_of_names names;
  const auto there = names_of(to, names);
  if (!there || there->empty()) return false;
  bool opened = false;
  for (const char* const c_name : *there) {
    const std::string_view name(c_name);
    if (!is_given(name) || from.get(c_name, {}) >= 0 || errno != ENODATA) continue;
    const int done = with_access(to, opened, [&] { return to.remove(c_name); });
    if (done != 0 && errno != ENODATA)
      lost.push_back({attribute::extended_removal, errno, std::string(name)});
  }
  return opened;
}

bool have_one_value(const xattr_end& one, const xattr_end& other, const char* name) {
  const auto value_of = [name](const xattr_end& of) -> std::optional<std::string> {
    const std::span<char> room = xattr_value_room();
    const ssize_t length = of.get(name, room);
    if (length < 0) return std::nullopt;
    return std::string(room.data(), static_cast<std::size_t>(length));
  };
  return value_of(one) == value_of(other);
}

bool is_like_in_extended(const xattr_end& from, const xattr_end& to) {
  static thread_local list_of_names names;
  const auto carried = names_of(from, names);
  const auto differs = [&](const char* name) {
    const bool is_carried = !stays_behind(name) && !std::string_view(name).starts_with("system.");
    return is_carried && !have_one_value(from, to, name);
  };
  if (!carried || std::ranges::any_of(*carried, differs)) return false;
  const auto there = names_of(to, names);
  return there && std::ranges::none_of(*there, [&](const char* name) {
           return is_given(name) && from.get(name, {}) < 0;
         });
}

}  // namespace carousel::tool
