#pragma once

#include "carousel/detail/driver/failure_note.hpp"
#include "carousel/detail/driver/operation.hpp"

namespace carousel::detail {

struct accept_base : file_operation {
  using resources = nothing;
  using lends = ext::lends_nothing;
  /// Closes a connection that nobody waits for.
  struct unclaimed {
    static void discard(std::int32_t res, nothing&) noexcept;
  };
  resources held{};

  [[nodiscard]] failure_code check(const driver& io) const noexcept { return check_file(io); }
  void encode(driver& io, slot&, request& r) const noexcept;

  /// The connection, or the kernel's error. Throws std::bad_alloc, with the connection closed.
  [[nodiscard]] static result<fd_ref> accepted(std::int32_t res, const fd_ref& listener);
};

/// Takes the next connection of a listener as a Stream.
template <class Stream>
struct accept_call : accept_base {
  using output = result<Stream>;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_file;

  output complete(std::int32_t res, nothing&, slot&) const { return make(res, file); }
  output fail(std::error_code error, nothing&&) const noexcept {
    return std::unexpected(note_failure(error, opcode::accept, file.get()));
  }
  [[nodiscard]] static output make(std::int32_t res, const fd_ref& listener) {
    result<fd_ref> made = accepted(res, listener);
    if (!made) return std::unexpected(made.error());
    return Stream(std::move(*made));
  }
};

}  // namespace carousel::detail
