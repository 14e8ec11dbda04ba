#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "carousel/detail/fs/path_call.hpp"
#include "carousel/fs/file.hpp"
#include "carousel/task.hpp"

namespace carousel {

struct directory_entry {
  std::string name;
  std::uint64_t inode;              ///< reading files in this order spares a disk many movements
  std::filesystem::file_type type;  ///< unknown where the file system does not say
};

/// An open directory. A value is a handle, as a file is: copies are the same open directory, and
/// the last one closes it; an operation in flight holds it open too. Not thread-safe.
///
/// What is relative to it stays in it whatever happens to its own path meanwhile, and names one
/// component at a time cannot be led astray by a symbolic link that appears on the way. Names may
/// be longer paths as well, and absolute ones ignore the directory, as in openat(2);
/// open_options::beneath forbids both ways out. Paths are copied.
///
/// Any operation may fail with bad_file_descriptor (not a directory's), canceled, not_supported
/// (Linux before 5.15), and what the kernel says. Cancelling does not undo: whoever destroys the
/// coroutine that waits does not learn whether the name was made.
class directory {
 public:
  /// An empty handle: an operation on it stops the process with a sentence.
  directory() = default;
  /// Awaited: gives result<directory>. Error: not_a_directory.
  static open_operation<directory> open(path_text path, open_options options = {});
  /// Takes ownership of an open descriptor of a directory. Throws std::bad_alloc, with the
  /// descriptor closed.
  [[nodiscard]] static directory from_fd(int fd);
  /// The descriptor, still owned by the directory: for calls that the library does not have. -1 for
  /// an empty handle.
  [[nodiscard]] int fd() const noexcept { return file_ ? file_->fd : -1; }

  /// Awaited: gives result<file>, or result<directory>.
  [[nodiscard]] open_operation<file> open_file(path_text name, open_options options = {}) const;
  [[nodiscard]] open_operation<directory> open_directory(path_text name,
                                                         open_options options = {}) const;
  /// mkdir(2); `mode` is before the umask. Error: file_exists.
  name_operation make_directory(path_text name, unsigned mode = 0777) const;
  /// unlink(2): anything but a directory.
  name_operation remove_file(path_text name) const;
  /// rmdir(2): an empty directory.
  name_operation remove_directory(path_text name) const;
  /// Renames `from` here to `to` there. Where a file of that name is replaced, that is atomic.
  name_operation rename(path_text from, const directory& there, path_text to,
                        if_exists named_so = if_exists::replace) const;
  [[deprecated("say if_exists::replace or if_exists::fail")]]
  name_operation rename(path_text from, const directory& there, path_text to, bool replace) const;
  /// Makes `name` here a symbolic link with the text `target`.
  name_operation symlink(path_text target, path_text name) const;
  /// Gives the file `existing` here, or a symbolic link itself, the further name `name` there.
  name_operation hard_link(path_text existing, const directory& there, path_text name) const;
  /// Awaited: gives result<file_info> of the directory, or of a name in it.
  [[nodiscard]] info_operation info() const;
  [[nodiscard]] info_operation info(path_text name, follow_links follow = follow_links::yes) const;
  [[deprecated("say follow_links::yes or follow_links::no")]] [[nodiscard]] info_operation info(
      path_text name, bool follow) const;
  /// The names in it without "." and "..", in no particular order. io_uring has no such operation:
  /// this reads in blocking calls, and lets other tasks run between batches of names.
  [[nodiscard]] task<result<std::vector<directory_entry>>> list() const;
  /// fsync(2): makes the names in it durable, those of new and renamed files too.
  [[nodiscard]] sync_operation sync() const;

  // By path, without opening a directory first. Paths are copied.

  /// mkdir(2); `mode` is before the umask. Error: file_exists.
  static name_operation create(path_text path, unsigned mode = 0777);
  /// Creates the missing directories of the path; it is no error if all exist. Error:
  /// not_a_directory.
  static task<result<>> create_all(std::filesystem::path path, unsigned mode = 0777);
  /// rmdir(2): the directory must be empty.
  static name_operation remove(path_text path);
  static name_operation rename(path_text from, path_text to);
  static task<result<std::vector<directory_entry>>> list(std::filesystem::path path);

 private:
  friend struct detail::open_call<directory>;
  explicit directory(detail::fd_ref adopted) noexcept : file_(std::move(adopted)) {}

  detail::fd_ref file_;
};

}  // namespace carousel
