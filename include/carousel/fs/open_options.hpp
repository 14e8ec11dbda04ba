#pragma once

#include <cstdint>

#include "carousel/result.hpp"

namespace carousel {

/// How file::open opens: open_options{}.read(true).write(true).create(true). With neither read, write nor append the file is
/// opened for reading. Close-on-exec is always set.
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
  /// O_DIRECT: transfers go around the page cache; addresses, lengths and offsets must keep the file system's alignment
  /// (file_info tells it), and an operation that does not is errc::misaligned.
  constexpr open_options& direct(bool on) noexcept { return direct_ = on, *this; }
  /// Permission bits of a file that is created, before the umask. Default 0666.
  constexpr open_options& mode(std::uint32_t bits) noexcept { return mode_ = bits, *this; }
  /// More flags of open(2), O_NOFOLLOW for instance.
  constexpr open_options& custom_flags(int flags) noexcept { return custom_ = flags, *this; }

  /// The flags for open(2). Error: invalid_argument when create, create_new or truncate lack what they need.
  [[nodiscard]] result<int> flags() const noexcept;
  [[nodiscard]] constexpr std::uint32_t mode_bits() const noexcept { return mode_; }

 private:
  bool read_ = false;
  bool write_ = false;
  bool append_ = false;
  bool truncate_ = false;
  bool create_ = false;
  bool create_new_ = false;
  bool direct_ = false;
  std::uint32_t mode_ = 0666;
  int custom_ = 0;
};

}  // namespace carousel
