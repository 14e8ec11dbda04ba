#include "carousel/fs/directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>

#include "carousel/yield.hpp"
#include "fs/file_type.hpp"

namespace carousel {
namespace {

using detail::from_directory;
using detail::opcode;
using detail::path_call;
using std::filesystem::path;

constexpr std::size_t names_per_turn = 1024;
constexpr std::uint32_t rename_noreplace = 1;  // RENAME_NOREPLACE

struct close_stream {
  void operator()(DIR* stream) const noexcept { closedir(stream); }
};

using stream_ptr = std::unique_ptr<DIR, close_stream>;

/// Takes ownership of the descriptor. Null, and errno, if it is -1 or no directory.
stream_ptr stream_of(int fd) noexcept {
  if (fd < 0) return nullptr;
  stream_ptr stream(fdopendir(fd));
  if (stream == nullptr) {
    const int why = errno;
    ::close(fd);
    errno = why;
  }
  return stream;
}

task<result<std::vector<directory_entry>>> entries_of(stream_ptr stream) {
  std::vector<directory_entry> entries;
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(stream.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    entries.push_back({.name = std::string(name),
                       .inode = entry->d_ino,
                       .type = type_of(static_cast<mode_t>(DTTOIF(entry->d_type)))});
    if (entries.size() % names_per_turn == 0) co_await yield();
  }
  if (errno != 0) co_return std::unexpected(detail::kernel_error(-errno));
  co_return entries;
}

/// A descriptor with a position of its own; -1 and errno. Who may read a directory need not be
/// allowed to look anything up in it, not even ".".
int open_again(int fd) {
  constexpr int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  const int again = ::openat(fd, ".", flags);
  if (again >= 0 || errno != EACCES) return again;
  const int through_proc = ::open(("/proc/self/fd/" + std::to_string(fd)).c_str(), flags);
  if (through_proc < 0) errno = EACCES;
  return through_proc;
}

task<result<std::vector<directory_entry>>> list_open(detail::fd_ref where) {
  if (!where) co_return std::unexpected(std::make_error_code(std::errc::bad_file_descriptor));
  stream_ptr again = stream_of(open_again(where->fd));
  if (again == nullptr) co_return std::unexpected(detail::kernel_error(-errno));
  auto entries = entries_of(std::move(again));
  co_return co_await std::move(entries);
}

}  // namespace

open_operation<directory> directory::open(path_text path, open_options options) {
  return detail::open_path<directory>({}, path, options.directory(true).ring_only(false));
}

directory directory::from_fd(int fd) { return directory(detail::fd_ref::own(fd)); }

open_operation<file> directory::open_file(path_text name, open_options options) const {
  return detail::open_path<file>(from_directory(file_), name, options);
}

open_operation<directory> directory::open_directory(path_text name, open_options options) const {
  return detail::open_path<directory>(from_directory(file_), name,
                                      options.directory(true).ring_only(false));
}

name_operation directory::make_directory(path_text name, unsigned mode) const {
  return path_call::on(from_directory(file_), {.code = opcode::mkdirat, .length = mode}, name);
}

name_operation directory::remove_file(path_text name) const {
  return path_call::on(from_directory(file_), {.code = opcode::unlinkat}, name);
}

name_operation directory::remove_directory(path_text name) const {
  return path_call::on(from_directory(file_), {.code = opcode::unlinkat, .op_flags = AT_REMOVEDIR},
                       name);
}

name_operation directory::rename(path_text from, const directory& there, path_text to,
                                 if_exists named_so) const {
  return path_call::on(
      from_directory(file_),
      {.code = opcode::renameat, .op_flags = named_so == if_exists::fail ? rename_noreplace : 0},
      from, there.file_, to);
}

name_operation directory::rename(path_text from, const directory& there, path_text to,
                                 bool replace) const {
  return rename(from, there, to, if_exists{replace});
}

name_operation directory::symlink(path_text target, path_text name) const {
  return path_call::on(from_directory(file_), {.code = opcode::symlinkat}, target, name);
}

name_operation directory::hard_link(path_text existing, const directory& there,
                                    path_text name) const {
  return path_call::on(from_directory(file_), {.code = opcode::linkat}, existing, there.file_,
                       name);
}

info_operation directory::info() const { return detail::info_call::of_open(file_); }

info_operation directory::info(path_text name, follow_links follow) const {
  return detail::info_call::of_path(from_directory(file_), name, follow);
}

info_operation directory::info(path_text name, bool follow) const {
  return info(name, follow_links{follow});
}

task<result<std::vector<directory_entry>>> directory::list() const {
  CAROUSEL_ASSERT(file_, "this file, directory or socket was moved from or closed");
  return list_open(file_);
}

sync_operation directory::sync() const { return detail::call_on(file_, {.code = opcode::fsync}); }

// By path.

name_operation directory::create(path_text path, unsigned mode) {
  return path_call::on(detail::from_current_directory(), {.code = opcode::mkdirat, .length = mode},
                       path);
}

task<result<>> directory::create_all(path path, unsigned mode) {
  if (path.empty())
    co_return std::unexpected(std::make_error_code(std::errc::no_such_file_or_directory));
  std::filesystem::path prefix;
  result<> last;
  for (const auto& part : path) {
    prefix /= part;
    if (part.empty() || part == "/" || part == "." || part == "..") continue;
    last = co_await create(prefix, mode);
    if (!last && last.error() != std::errc::file_exists) co_return last;
  }
  if (last) co_return last;
  const auto about = co_await file::info(path);
  if (!about) co_return std::unexpected(about.error());
  if (about->type == std::filesystem::file_type::directory) co_return result<>{};
  co_return std::unexpected(std::make_error_code(std::errc::not_a_directory));
}

name_operation directory::remove(path_text path) {
  return path_call::on(detail::from_current_directory(),
                       {.code = opcode::unlinkat, .op_flags = AT_REMOVEDIR}, path);
}

name_operation directory::rename(path_text from, path_text to) { return file::rename(from, to); }

task<result<std::vector<directory_entry>>> directory::list(path path) {
  if (const detail::failure_code error = detail::path_block(path.native()).check(); error != 0) {
    co_return std::unexpected(detail::to_error(error));
  }
  stream_ptr stream = stream_of(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (stream == nullptr) co_return std::unexpected(detail::kernel_error(-errno));
  auto entries = entries_of(std::move(stream));
  co_return co_await std::move(entries);
}

}  // namespace carousel
