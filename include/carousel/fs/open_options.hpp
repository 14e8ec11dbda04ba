#pragma once

#include <cstdint>

#include "carousel/result.hpp"

namespace carousel {

/// How file::open opens: open_options{}.read(true).write(true).create(true). With neither read,
/// write nor append the file is opened for reading. Close-on-exec is always set.
class open_options {
 public:
  constexpr open_options& read(bool on) noexcept { return read_ = on, *this; }
  constexpr open_options& write(bool on) noexcept { return write_ = on, *this; }
  /// Writes go to the end of the file, whatever their offset.
  constexpr open_options& append(bool on) noexcept { return append_ = on, *this; }
  /// Empties an existing file. Needs write.
  constexpr open_options& truncate(bool on) noexcept { return truncate_ = on, *this; }
  /// Creates the file if it is missing. Needs write or append.
  constexpr open_options& create(bool on) noexcept { return create_ = on, *this; }
  /// Creates the file, and fails if it exists. Needs write or append.
  constexpr open_options& create_new(bool on) noexcept { return create_new_ = on, *this; }
  /// O_DIRECT: transfers go around the page cache; addresses, lengths and offsets must keep the
  /// file system's alignment (file_info tells it), and an operation that does not is
  /// errc::misaligned.
  constexpr open_options& direct(bool on) noexcept { return direct_ = on, *this; }
  /// Permission bits of a file that is created, before the umask. Default 0666.
  constexpr open_options& mode(std::uint32_t bits) noexcept { return mode_ = bits, *this; }
  /// The path stays below the directory that it is relative to: an absolute path, a ".." that leads
  /// out of it and a symbolic link that does are the error cross_device_link. For paths that come
  /// from outside.
  constexpr open_options& beneath(bool on) noexcept { return beneath_ = on, *this; }
  /// No part of the path may be a symbolic link, not only the last: error
  /// too_many_symbolic_link_levels.
  constexpr open_options& no_symlinks(bool on) noexcept { return no_symlinks_ = on, *this; }
  /// The file exists in the ring of this runtime only, and not as a descriptor (Linux 5.15): one
  /// that is opened, used a little and closed costs less so. Its fd() is -1, no other runtime can
  /// use it (wrong_runtime), info() is not_supported, and its close() does not wait for what a
  /// network file system has to say. It is closed with its runtime at the latest. A wish: with
  /// `direct`, and when the ring has no entry for it (1,024 files), it has a descriptor all the
  /// same. Directories always have.
  constexpr open_options& ring_only(bool on) noexcept { return ring_only_ = on, *this; }
  /// The loop's thread does buffered writes to this file itself, those at an offset and of at most
  /// 64 KiB. A write into the page cache copies its bytes, for which most file systems would make
  /// the ring wake another thread. But it waits where the kernel makes a writer wait (too many
  /// dirty pages, a journal that is full), and everything in this runtime with it: for disks that
  /// keep up. Without effect on O_DIRECT and ring_only files, pipes and sockets.
  constexpr open_options& inline_io(bool on) noexcept { return inline_io_ = on, *this; }
  /// Only a directory will do: error not_a_directory. directory::open sets it itself.
  constexpr open_options& directory(bool on) noexcept { return directory_ = on, *this; }
  /// More flags of open(2), O_NOFOLLOW for instance.
  constexpr open_options& custom_flags(int flags) noexcept { return custom_ = flags, *this; }

  /// The flags for open(2). Error: invalid_argument when create, create_new or truncate lack what
  /// they need.
  [[nodiscard]] result<int> flags() const noexcept;
  [[nodiscard]] constexpr std::uint32_t mode_bits() const noexcept { return mode_; }
  [[nodiscard]] constexpr bool is_ring_only() const noexcept { return ring_only_; }
  [[nodiscard]] constexpr bool is_inline_io() const noexcept { return inline_io_; }
  /// The RESOLVE_ flags for openat2(2); 0: open(2) will do.
  [[nodiscard]] std::uint64_t resolve_flags() const noexcept;

 private:
  bool read_ = false;
  bool write_ = false;
  bool append_ = false;
  bool truncate_ = false;
  bool create_ = false;
  bool create_new_ = false;
  bool direct_ = false;
  bool directory_ = false;
  bool beneath_ = false;
  bool no_symlinks_ = false;
  bool ring_only_ = false;
  bool inline_io_ = false;
  std::uint32_t mode_ = 0666;
  int custom_ = 0;
};

}  // namespace carousel
