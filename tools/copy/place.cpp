#include "copy/place.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <ranges>
#include <system_error>
#include <utility>
#include <vector>

#include "common/last_error.hpp"
#include "copy/descriptors.hpp"

namespace carousel::tool {
namespace {

constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

/// From the last part to the first, which stand behind `path`.
std::string joined(std::string path, const std::vector<std::string_view>& parts) {
  for (const std::string_view part : parts | std::views::reverse) {
    if (!path.empty() && !path.ends_with('/')) path += '/';
    path += part;
  }
  return path;
}

std::string path_of(const place& where, std::string_view name, std::string place::* own) {
  std::vector<std::string_view> parts{name};
  const place* at = &where;
  for (; at->parent; at = at->parent.get()) parts.push_back(at->*own);
  return joined(at->*own, parts);
}

bool is(int fd, const identity& id) noexcept {
  struct stat about{};
  return ::fstat(fd, &about) == 0 && identity_of(about) == id;
}

/// -1 and errno. One that may not be read can still be gone through.
int open_child(int fd, const char* name, int nofollow) noexcept {
  const int flags = directory_flags | nofollow;
  const int child = ::openat(fd, name, flags);
  return child >= 0 || errno != EACCES ? child : ::openat(fd, name, flags | O_PATH);
}

/// From `start` along the names of the places. -1 and errno.
int descend(int start, const std::vector<const place*>& places, side which) noexcept {
  const auto name = which == side::source ? &place::source_name : &place::target_name;
  int at = start;
  for (const place* p : places | std::views::reverse) {
    const int nofollow = which == side::source && p->follows ? 0 : O_NOFOLLOW;
    const int next = open_child(at, (p->*name).c_str(), nofollow);
    const int why = errno;
    if (at != start) ::close(at);
    errno = why;
    if (next < 0) return -1;
    at = next;
  }
  return at;
}

}  // namespace

std::string source_path(const place& where, std::string_view name) {
  return path_of(where, name, &place::source_name);
}
std::string target_path(const place& where, std::string_view name) {
  return path_of(where, name, &place::target_name);
}

std::string path_below_destination(const place& where, std::string_view name) {
  std::vector<std::string_view> parts{name};
  for (const place* at = &where; at->parent; at = at->parent.get()) {
    if (at->target_name != ".") parts.push_back(at->target_name);
  }
  return joined({}, parts);
}

std::string path_in_tree(const place& where, std::string_view name) {
  std::vector<std::string_view> parts{name};
  for (const place* at = &where; is_in_tree(*at); at = at->parent.get())
    parts.push_back(at->source_name);
  return joined({}, parts);
}

const directory& empty_directory() noexcept {
  static const directory none;
  return none;
}

result<> reopen(place& where, side which, const directory& below) {
  const auto open = which == side::source ? &place::source : &place::target;
  const identity& id = which == side::source ? where.source_id : where.target_id;
  if ((where.*open).fd() >= 0 || (which == side::target && where.planned)) return {};
  int fd = below.fd() < 0 ? -1 : open_child(below.fd(), "..", O_NOFOLLOW);
  if (fd >= 0 && !is(fd, id)) {
    ::close(fd);
    fd = -1;
  }
  if (fd < 0) {
    std::vector<const place*> closed;
    const place* from = &where;
    for (; (from->*open).fd() < 0 && from->parent; from = from->parent.get())
      closed.push_back(from);
    fd = descend((from->*open).fd(), closed, which);
    if (fd < 0) return std::unexpected(last_error());
  }
  where.*open = directory::from_fd(fd);
  if (is(fd, id)) return {};
  where.*open = directory();
  return std::unexpected(std::make_error_code(std::errc::no_such_file_or_directory));
}

result<bool> is_inside(int directory_fd, const identity& other) noexcept {
  int at = directory_fd;
  identity last{};
  for (;;) {
    struct stat about{};
    const bool known = ::fstat(at, &about) == 0;
    const identity here = identity_of(about);
    const bool over = !known || here == other || here == last;  // ".." of the root is the root
    const int next = over ? -1 : ::openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
    const std::error_code why = last_error();
    if (at != directory_fd) ::close(at);
    if (!over && next < 0 && out_of_descriptors(why)) return std::unexpected(why);
    if (over || next < 0) return known && here == other;
    at = next;
    last = here;
  }
}

unsigned entry_type(int directory_fd, const char* name, std::filesystem::file_type listed,
                    follow_links follow) noexcept {
  using std::filesystem::file_type;
  switch (listed) {
    case file_type::regular: return S_IFREG;
    case file_type::symlink:
      if (follow == follow_links::yes) break;
      return S_IFLNK;
    case file_type::directory: return S_IFDIR;
    case file_type::fifo: return S_IFIFO;
    case file_type::socket: return S_IFSOCK;
    case file_type::block: return S_IFBLK;
    case file_type::character: return S_IFCHR;
    default: break;
  }
  struct stat about{};
  const int found =
      ::fstatat(directory_fd, name, &about, follow == follow_links::yes ? 0 : AT_SYMLINK_NOFOLLOW);
  return found == 0 ? about.st_mode & S_IFMT : 0;
}

}  // namespace carousel::tool
