#pragma once

#include <cstdint>
#include <cstdio>
#include <utility>

#include "carousel/detail/driver/failure_note.hpp"
#include "carousel/detail/driver/operation.hpp"

namespace carousel::detail {

/// What becomes of the operations that hold a file which is closed.
enum class others_in_flight : std::uint8_t { are_waited_for, are_stopped };

/// Closes a file or a socket for all its handles. While operations hold it, it waits: the last of
/// them starts it.
struct close_call {
  /// A file on its way out. Once it is taken apart, who has this last closes it.
  struct closing {
    fd_ref file;
    bool begun = false;  ///< the file is closed for all others
    int fd = -1;
    file_entry entry;  ///< of a ring-only file

    explicit closing(fd_ref f) noexcept : file(std::move(f)) {}
    closing(closing&& other) noexcept
        : file(std::move(other.file)),
          begun(other.begun),
          fd(std::exchange(other.fd, -1)),
          entry(std::move(other.entry)) {}
    closing& operator=(closing&&) = delete;
    ~closing();
  };

  /// The report of what is stuck tells the descriptor.
  struct lends {
    static void lend(const closing&) noexcept {}
    static void unlend(const closing&) noexcept {}
    static void describe(const closing& lost, std::FILE* out);
    static void quarantine(const closing&) noexcept {}
  };
  /// Whatever close answers, the number is free again, unless it has not been executed.
  struct unclaimed {
    static void discard(std::int32_t res, closing& lent) noexcept;
  };
  using completions = ext::one_completion;
  using begins = ext::begins_when_free;
  using holds = ext::holds_no_file;  // it closes what it holds
  using resources = closing;
  using output = result<>;
  closing held;
  others_in_flight others = others_in_flight::are_waited_for;

  [[nodiscard]] failure_code check(const driver& io) const noexcept;
  /// From now on the file is closed for everybody else. True: operations hold it.
  [[nodiscard]] bool must_wait(operation_base& self) noexcept;
  /// True if it waited, and does not any more.
  [[nodiscard]] bool stop_waiting(const operation_base& self) noexcept;
  void encode(driver& io, slot& s, request& r) noexcept;

  static output complete(std::int32_t res, closing& lent, slot& s) noexcept;
  static output fail(std::error_code error, closing&&) noexcept { return std::unexpected(error); }
};

}  // namespace carousel::detail
