#pragma once

#include "carousel/config.hpp"

#include <coroutine>
#include <cstddef>
#include <cstdint>

#include "carousel/detail/base/recycler.hpp"
#include "carousel/detail/driver/operation.hpp"

namespace carousel::detail {

class chain;

/// What the members of a chain resume as they end. It lets the awaiting coroutine go on after the
/// last of them.
struct chain_counter {
  struct promise_type : recycled {
    chain_counter get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    static std::suspend_always initial_suspend() noexcept { return {}; }
    static std::suspend_always final_suspend() noexcept { return {}; }
    static void return_void() noexcept {}
    static void unhandled_exception() noexcept {}
  };
  std::coroutine_handle<> h;
};

/// The part of linked() that is the same for all members: the awaiting coroutine, in a scope and in
/// line once for all of them, while each member has a slot of its own.
///
///   inert     the members are here
///   refused   one of them would be misuse, or all were asked to stop: none has begun
///   waiting   in line for slots and room in the submission queue for all of them at once
///   started   each is in the driver's hands as any other operation; those that have ended keep
///             their slots until all have
///   over      the results were taken
///
/// Destroying it abandons the members, each of which the driver treats alone from then on; only
/// what is still in the submission queue is withdrawn together.
class chain : public scope_link, public operation_base {
 public:
  chain& operator=(chain&&) = delete;

 protected:
  enum class stage : std::uint8_t { inert, refused, waiting, started };
  static constexpr auto all_members = static_cast<std::size_t>(-1);

  chain() noexcept { at = inert(); }
  chain(chain&& inert_one) noexcept;
  ~chain();

  [[nodiscard]] bool has_started() const noexcept { return now_ == stage::started; }
  /// Its coroutine `h` waits from now on for so many members. Throws std::bad_alloc.
  void wait(context& here, unsigned members, std::coroutine_handle<> h,
            void (*stop)(scope_link&) noexcept);
  /// In line; `start` begins all members, and may throw std::bad_alloc.
  void stand_in_line(void (*start)(operation_base&, driver&)) noexcept;
  /// Returns what await_suspend returns.
  [[nodiscard]] bool refuse_at_once(context& here, std::size_t member, failure_code why,
                                    std::coroutine_handle<> h) noexcept;
  /// The same in line.
  void refuse_late(std::size_t member, failure_code why) noexcept;
  /// All requests are queued.
  void note_started() noexcept;
  /// Why this member has not begun.
  [[nodiscard]] failure_code why_not_begun(std::size_t member) const noexcept;
  /// Suspends a member in the name of the awaiting coroutine.
  void suspend_member(operation_base& member) const noexcept;
  void note_over() noexcept { at = over(); }

 private:
  struct step;
  [[nodiscard]] static chain_counter count(chain& all, unsigned members);
  [[nodiscard]] std::coroutine_handle<> one_ended() noexcept;

  stage now_ = stage::inert;
  unsigned running_ = 0;
  std::size_t refused_ = all_members;
  std::coroutine_handle<> counter_;
};

}  // namespace carousel::detail
