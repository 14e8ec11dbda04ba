#pragma once

#include <fcntl.h>

#include "carousel/detail/base/path_block.hpp"
#include "carousel/detail/driver/failure_note.hpp"
#include "carousel/detail/driver/operation.hpp"
#include "carousel/path_text.hpp"

namespace carousel::detail {

/// An operation on a path that is relative to an open directory, `file`, or to the current one.
struct path_operation : file_operation {
  path_base relative_to = path_base::current_directory;

  /// What the path is relative to. These opcodes refuse an index of the file table.
  [[nodiscard]] std::int32_t base() const noexcept { return file ? file->fd : AT_FDCWD; }
  [[nodiscard]] failure_code check_path(const driver& io, const path_block& names) const noexcept {
    if (relative_to == path_base::open_directory) {
      if (const failure_code error = check_file(io)) return error;
    }
    return names.check();
  }
  /// Notes which name it was.
  [[nodiscard]] std::error_code failed(std::error_code error, opcode what,
                                       const path_block& names) const noexcept;
};

[[nodiscard]] inline path_operation from_current_directory() noexcept { return {}; }
[[nodiscard]] inline path_operation from_directory(fd_ref open) noexcept {
  return {{std::move(open)}, path_base::open_directory};
}

/// Whether an operation on names has a second one, and what that is relative to.
enum class second_path : std::uint8_t { none, from_the_same, from_another };

/// An operation on names: mkdirat, unlinkat, renameat, symlinkat, linkat.
struct path_call : path_operation {
  struct names_and_directory {
    path_block names;
    fd_ref there;  ///< what the second one is relative to, if to another directory
  };
  request req;  ///< length: AT_FDCWD, where the second path is relative to the current directory
  second_path second = second_path::none;

  using resources = names_and_directory;
  using output = result<>;
  using lends = ext::lends_nothing;
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_file;
  resources held;

  // Throw std::bad_alloc.
  [[nodiscard]] static operation<path_call> on(path_operation where, const request& req,
                                               path_text name);
  [[nodiscard]] static operation<path_call> on(path_operation where, const request& req,
                                               path_text first, path_text second);
  [[nodiscard]] static operation<path_call> on(path_operation where, const request& req,
                                               path_text first, fd_ref there, path_text second);

  [[nodiscard]] failure_code check(const driver& io) const noexcept;
  void encode(const driver&, slot&, request& r) const noexcept;

  output complete(std::int32_t res, resources& lent, slot&) const noexcept {
    if (res < 0) return fail(kernel_error(res), std::move(lent));
    return {};
  }
  output fail(std::error_code error, resources&& back) const noexcept {
    return std::unexpected(failed(error, req.code, back.names));
  }
};

}  // namespace carousel::detail
