#pragma once

#include "carousel/detail/operation.hpp"
#include "carousel/fs/path_text.hpp"

namespace carousel::detail {

/// An operation on an open file that moves no data: fsync, fallocate, ftruncate.
struct file_call : file_operation {
  request req;

  using resources = nothing;
  using output = result<>;
  resources held;

  [[nodiscard]] failure_code check(const driver&) const noexcept { return check_file(); }
  void encode(const driver&, slot&, request& r) const noexcept { r = req; }

  static output complete(std::int32_t res, nothing&, slot&) noexcept { return of(res); }
  static output fail(std::error_code error, nothing&&) noexcept { return std::unexpected(error); }
  static output of(std::int32_t res) noexcept {
    if (res < 0) return std::unexpected(kernel_error(res));
    return {};
  }
};

/// One or two paths, copied: an operation never refers to the caller's string.
struct paths {
  path_string first;
  path_string second;

  /// Errors: filename_too_long, invalid_argument for a NUL inside.
  [[nodiscard]] failure_code check() const noexcept;
  /// Copies the paths to a side block of the slot, after `reserve` bytes; sets the request's address to the first one.
  /// Returns the address of the second.
  [[nodiscard]] std::uint64_t encode(driver& io, slot& s, request& r,
                                     std::size_t reserve = 0) const;
};

/// An operation on a path that is relative to an open directory, `file`, or to the current one.
struct path_operation : file_operation {
  bool from_current = true;
  paths names;

  // These opcodes refuse an index of the file table.
  void aim(driver&, request& r) const noexcept { r.fd = file->fd; }
  [[nodiscard]] failure_code check_path() const noexcept {
    if (!from_current) {
      if (const failure_code error = check_file()) return error;
    }
    return names.check();
  }
};

/// An operation on names: mkdirat, unlinkat, renameat, symlinkat, linkat.
struct path_call : path_operation {
  request req;  ///< length: AT_FDCWD, where the second path is relative to the current directory
  bool two_paths = false;
  bool two_directories = false;  ///< the second path is relative to `held`

  using resources = fd_ref;
  using output = result<>;
  resources held;

  [[nodiscard]] failure_code check(const driver& io) const noexcept {
    if (!io.supports(req.code)) return failure(errc::not_supported);
    if (two_directories && (!held || held->closed)) return failure(std::errc::bad_file_descriptor);
    return check_path();
  }
  void encode(driver& io, slot& s, request& r) const;

  static output complete(std::int32_t res, fd_ref&, slot&) noexcept { return file_call::of(res); }
  static output fail(std::error_code error, fd_ref&&) noexcept { return std::unexpected(error); }
};

}  // namespace carousel::detail
