#include "copy/landing.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "common/last_error.hpp"
#include "common/naming.hpp"
#include "copy/unnamed_file.hpp"

// Names are made and moved by ordinary system calls: io_uring hands each of them to a worker thread
// of the kernel, which costs more than the call where a tree of small files is copied.

namespace carousel::tool {
namespace {

/// Its buffered writes are copies into memory, which the loop's thread does itself: io_uring hands
/// each to a worker thread too.
file adopted(int fd) { return file::from_fd(fd, open_options{}.inline_io(true)); }

/// `make` makes the temporary name.
template <class Make>
result<> land_by_rename(int directory, const std::string& name, Make make) {
  const std::string temporary = temporary_name(name);
  if (make(temporary.c_str()) != 0) return std::unexpected(last_error());
  auto moved = move_into_place(directory, temporary, name, if_exists::replace);
  // Renaming a name of a file to another name of it does nothing at all.
  (void)::unlinkat(directory, temporary.c_str(), 0);
  return moved;
}

}  // namespace

result<> move_into_place(int directory, const std::string& from, const std::string& to,
                         if_exists then) {
  if (then == if_exists::fail) {
    if (::renameat2(directory, from.c_str(), directory, to.c_str(), RENAME_NOREPLACE) == 0)
      return {};
    if (errno != EINVAL) return std::unexpected(last_error());
    // The file system has no such rename. No other copy of this program gets in between these two.
    struct stat there{};
    if (::fstatat(directory, to.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0)
      return std::unexpected(std::make_error_code(std::errc::file_exists));
  }
  if (::renameat(directory, from.c_str(), directory, to.c_str()) == 0) return {};
  return std::unexpected(last_error());
}

landing::landing(int directory, std::string name, std::string temporary, file made) noexcept
    : directory_(directory),
      name_(std::move(name)),
      temporary_(std::move(temporary)),
      file_(std::move(made)) {}

landing::landing(landing&& other) noexcept
    : directory_(other.directory_),
      name_(std::move(other.name_)),
      temporary_(std::exchange(other.temporary_, {})),
      file_(std::move(other.file_)),
      in_place_(other.in_place_) {}

landing::~landing() {
  if (!temporary_.empty()) (void)::unlinkat(directory_, temporary_.c_str(), 0);
}

result<landing> landing::make(int directory, std::string name, unsigned mode, early_access early,
                              early_name named) {
  const bool is_named = named == early_name::always;
  const int unnamed = is_named ? -1 : open_unnamed(directory, mode);
  if (unnamed >= 0) return landing(directory, std::move(name), {}, adopted(unnamed));
  if (!is_named && errno != EOPNOTSUPP) return std::unexpected(last_error());
  std::string temporary = temporary_name(name);
  if (early == early_access::owner_only) mode &= 0700U;
  const int fd =
      ::openat(directory, temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return std::unexpected(last_error());
  return landing(directory, std::move(name), std::move(temporary), adopted(fd));
}

result<landing> landing::in_place(int directory, std::string name) {
  constexpr int flags = O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  int fd = ::openat(directory, name.c_str(), O_RDWR | flags);
  if (fd < 0 && errno == EACCES) fd = ::openat(directory, name.c_str(), O_WRONLY | flags);
  if (fd < 0) return std::unexpected(last_error());
  (void)::fcntl(fd, F_SETFL, 0);
  landing made(directory, std::move(name), {}, adopted(fd));
  made.in_place_ = true;
  return made;
}

task<result<>> landing::publish(if_exists then) {
  if (in_place_) {
    auto writing = std::move(file_).close();
    const auto written = co_await std::move(writing);
    co_return written;
  }
  if (temporary_.empty()) co_return link(then);
  auto closing = std::move(file_).close();
  auto closed = co_await std::move(closing);
  if (closed) closed = rename_temporary(then);
  co_return closed;
}

result<> landing::link(if_exists then) {
  if (link_unnamed(file_.fd(), directory_, name_.c_str()) == 0) return {};
  if (errno != EEXIST || then == if_exists::fail) return std::unexpected(last_error());
  return land_by_rename(directory_, name_, [&](const char* temporary) {
    return link_unnamed(file_.fd(), directory_, temporary);
  });
}

result<> landing::rename_temporary(if_exists then) {
  auto moved = move_into_place(directory_, temporary_, name_, then);
  if (moved) temporary_.clear();
  return moved;
}

result<> land_node(const directory& where, const std::string& name, if_exists then,
                   const std::function<int(const char*)>& make) {
  if (make(name.c_str()) == 0) return {};
  if (errno != EEXIST || then == if_exists::fail) return std::unexpected(last_error());
  return land_by_rename(where.fd(), name, make);
}

bool takes_no_link(const std::error_code& why) noexcept {
  return why == std::errc::too_many_links || why == std::errc::cross_device_link ||
         why == std::errc::operation_not_permitted || why == std::errc::not_supported ||
         why == std::errc::operation_not_supported || why == std::errc::function_not_supported;
}

}  // namespace carousel::tool
