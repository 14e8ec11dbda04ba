#pragma once

#include "carousel/detail/driver/failure_note.hpp"
#include "carousel/detail/driver/operation.hpp"

namespace carousel::detail {

/// An accept into a descriptor, once or many times.
void encode_accept(driver& io, const file_operation& listener, request& r) noexcept;

/// Takes one connection, into an entry of the file table where that is wished.
struct accept_base : file_operation {
  bool ring_only = false;

  struct accepting {
    file_entry entry;  ///< of a connection that shall be ring-only
  };
  using resources = accepting;
  using lends = ext::lends_nothing;
  /// Closes a connection that nobody waits for.
  struct unclaimed {
    static void discard(std::int32_t res, accepting& lent) noexcept;
  };
  accepting held{};

  [[nodiscard]] failure_code check(const driver& io) const noexcept { return check_file(io); }
  void encode(driver& io, slot&, request& r) noexcept;
};

/// The connection that an item of the kernel's is, or the kernel's error. Throws std::bad_alloc,
/// with the connection closed.
[[nodiscard]] result<fd_ref> accepted(std::int32_t res, const fd_ref& listener);
[[nodiscard]] result<fd_ref> accepted(std::int32_t res, accept_base::accepting& lent,
                                      const fd_ref& listener);

/// Takes the next connection of a listener as a Stream.
template <class Stream>
struct accept_call : accept_base {
  using output = result<Stream>;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_file;

  output complete(std::int32_t res, accepting& lent, slot&) const {
    return make(accepted(res, lent, file));
  }
  output fail(std::error_code error, accepting&&) const noexcept {
    return std::unexpected(note_failure(error, opcode::accept, file.get()));
  }
  [[nodiscard]] static output make(result<fd_ref> made) {
    if (!made) return std::unexpected(made.error());
    return Stream(std::move(*made));
  }
};

}  // namespace carousel::detail
