#pragma once

#include "carousel/detail/fs/path_call.hpp"
#include "carousel/fs/open_options.hpp"

namespace carousel::detail {

struct open_base : path_operation {
  struct opening {
    path_block path;
    file_entry entry;  ///< of a file that shall be ring-only
  };
  using resources = opening;
  using lends = ext::lends_nothing;
  /// Closes a file that nobody waits for.
  struct unclaimed {
    static void discard(std::int32_t res, opening& lent) noexcept;
  };
  opening held;

  failure_code refused = 0;  ///< the options contradict each other
  std::uint32_t flags = 0;   ///< of openat(2)
  std::uint32_t mode;
  std::uint64_t resolve;  ///< of openat2(2); 0: openat(2) will do
  bool ring_only;
  bool inline_io;

  /// Throws std::bad_alloc.
  open_base(path_operation where, path_text path, const open_options& options);

  [[nodiscard]] failure_code check(const driver& io) const noexcept;
  void encode(driver& io, slot& s, request& r);

  /// What the kernel has opened, or its error. Throws std::bad_alloc, with the file closed.
  [[nodiscard]] result<fd_ref> opened(std::int32_t res, opening& lent) const;
};

/// Opens a path as a file or as a directory.
template <class Opened>
struct open_call : open_base {
  using output = result<Opened>;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_file;
  using open_base::open_base;

  output complete(std::int32_t res, opening& lent, slot&) const {
    result<fd_ref> made = opened(res, lent);
    if (!made) return std::unexpected(made.error());
    return Opened(std::move(*made));
  }
  output fail(std::error_code error, opening&& back) const noexcept {
    return std::unexpected(failed(error, opcode::openat, back.path));
  }
};

/// Throws std::bad_alloc.
template <class Opened>
operation<open_call<Opened>> open_path(path_operation where, path_text path,
                                       const open_options& options) {
  using call = open_call<Opened>;
  return operation<call>(std::in_place_type<call>, std::move(where), path, options);
}

}  // namespace carousel::detail
