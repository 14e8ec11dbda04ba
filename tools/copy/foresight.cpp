#include "copy/foresight.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "common/last_error.hpp"

namespace carousel::tool {
namespace {

std::error_code why_no_access(int directory, const char* name, int wanted) noexcept {
  if (::faccessat(directory, name, wanted, AT_EACCESS) == 0) return {};
  return last_error();
}

}  // namespace

std::error_code why_no_change_in(int directory) noexcept {
  return why_no_access(directory, ".", W_OK | X_OK);
}

std::error_code why_not_writable(int directory, const std::string& name) noexcept {
  return why_no_access(directory, name.c_str(), W_OK);
}

bool may_own_alike(const struct stat& other) {
  if (::geteuid() == 0) return true;
  if (other.st_uid != ::geteuid()) return false;
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
  (void)::getgroups(static_cast<int>(groups.size()), groups.data());
  return other.st_gid == ::getegid() || std::ranges::find(groups, other.st_gid) != groups.end();
}

std::error_code why_no_directory(int directory, const std::string& name) noexcept {
  struct stat about{};
  if (::fstatat(directory, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0)
    return std::make_error_code(std::errc::file_exists);
  return errno == ENOENT ? why_no_change_in(directory) : last_error();
}

}  // namespace carousel::tool
