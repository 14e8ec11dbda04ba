#pragma once

#include <cstddef>
#include <cstdint>
#include <system_error>

#include "carousel/detail/driver/operation.hpp"

namespace carousel::detail {

/// The word that an operation is about. The kernel reads it when the request is submitted, and
/// knows it by its address from then on.
struct futex_word {
  std::uint64_t address;
  std::int32_t flags;  ///< FUTEX2_SIZE_U32, FUTEX2_PRIVATE
};

/// Waits until somebody wakes it.
struct futex_wait_call {
  std::uint32_t expected;

  using resources = futex_word;
  using output = result<>;
  using lends = ext::lends_nothing;
  /// A waker counts on whom it has woken: where nobody takes that, the next one shall.
  struct unclaimed {
    static void discard(std::int32_t res, const futex_word& of) noexcept;
  };
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_no_file;
  resources held;

  [[nodiscard]] static failure_code check(const driver& io) noexcept;
  void encode(driver& io, slot&, request& r) const noexcept;

  static output complete(std::int32_t res, futex_word&, slot&) noexcept;
  static output fail(std::error_code error, futex_word&&) noexcept;
};

struct futex_wake_call {
  std::uint32_t at_most;

  using resources = futex_word;
  using output = result<std::size_t>;
  using lends = ext::lends_nothing;
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_no_file;
  resources held;

  [[nodiscard]] static failure_code check(const driver& io) noexcept;
  void encode(driver& io, slot&, request& r) const noexcept;

  static output complete(std::int32_t res, futex_word&, slot&) noexcept;
  static output fail(std::error_code error, futex_word&&) noexcept;
};

}  // namespace carousel::detail
