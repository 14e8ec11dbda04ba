#pragma once

#include <cstddef>
#include <cstdint>
#include <system_error>
#include <utility>

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
  using links = ext::links_never;
  resources held;

  [[nodiscard]] static failure_code check(const driver& io) noexcept;
  void encode(driver& io, slot&, request& r) const noexcept;

  static output complete(std::int32_t res, futex_word&, slot&) noexcept;
  static output fail(std::error_code error, futex_word&&) noexcept;
};

/// From the await on a wake is owed: who waits has the program's word for it. Who has this last
/// pays, where the ring has not.
class futex_wake_debt {
 public:
  futex_wake_debt(futex_word where, std::uint32_t at_most) noexcept
      : where_(where), at_most_(at_most) {}
  futex_wake_debt(futex_wake_debt&& other) noexcept
      : where_(other.where_), at_most_(other.at_most_), owed_(std::exchange(other.owed_, false)) {}
  futex_wake_debt& operator=(futex_wake_debt&&) = delete;
  ~futex_wake_debt() {
    if (owed_) pay();
  }

  [[nodiscard]] const futex_word& where() const noexcept { return where_; }
  [[nodiscard]] std::uint32_t at_most() const noexcept { return at_most_; }
  void begin() noexcept { owed_ = true; }
  void settle() noexcept { owed_ = false; }

 private:
  void pay() const noexcept;

  futex_word where_;
  std::uint32_t at_most_;
  bool owed_ = false;
};

/// Wakes who waits. A request to stop does not concern it.
struct futex_wake_call {
  using resources = futex_wake_debt;
  using output = result<std::size_t>;
  using lends = ext::lends_nothing;
  struct unclaimed {
    static void discard(std::int32_t res, futex_wake_debt& of) noexcept {
      if (!never_ran(res)) of.settle();
    }
  };
  using completions = ext::one_completion;
  using begins = ext::begins_when_free;
  using holds = ext::holds_no_file;
  using links = ext::links_never;
  resources held;

  [[nodiscard]] static failure_code check(const driver& io) noexcept;
  [[nodiscard]] bool must_wait(operation_base&) noexcept {
    held.begin();
    return false;
  }
  [[nodiscard]] static bool stop_waiting(const operation_base&) noexcept { return false; }
  void encode(driver& io, slot&, request& r) const noexcept;

  static output complete(std::int32_t res, futex_wake_debt& of, slot& s) noexcept;
  static output fail(std::error_code error, futex_wake_debt&&) noexcept;
};

}  // namespace carousel::detail
