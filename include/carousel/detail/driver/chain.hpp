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
/// line once for all of them, while each member has a slot of its own. They go to the kernel linked
/// and all at once, or one by one, each when the one before it has wholly succeeded: so where a
/// verb may ask for a stop, which Linux does not tell to what is linked and has not begun.
///
///   inert      the members are here
///   waiting    in line, for slots and room in the submission queue for what begins next
///   running    what has begun is in the driver's hands as any other operation; those that have
///              ended let go of their files and slots at once
///   over       the results were taken
///
/// Destroying it abandons the members that have begun, each of which the driver treats alone from
/// then on; only what is still in the submission queue is withdrawn together. The others never
/// begin.
class chain : public scope_link, public operation_base {
 public:
  chain& operator=(chain&&) = delete;

 protected:
  static constexpr auto all_members = static_cast<std::size_t>(-1);
  /// What depends on the types of the members.
  struct members_of {
    std::uint32_t count;
    /// Begins so many as slots_wanted says. False: one of them was refused. Throws std::bad_alloc.
    bool (*start_next)(chain&, driver&);
    /// Of those that have begun.
    void (*request_stop)(chain&) noexcept;
    void (*let_go_of_ended)(chain&) noexcept;
    /// The last that has begun is over, and lets the next one begin.
    bool (*last_is_whole)(const chain&) noexcept;
  };

  chain() noexcept { at = inert(); }
  chain(chain&& inert_one) noexcept;
  ~chain();

  [[nodiscard]] std::uint32_t begun() const noexcept { return begun_; }
  [[nodiscard]] bool linked_by_kernel() const noexcept { return slots_wanted != 1; }
  /// Its coroutine `h` waits from now on. Throws std::bad_alloc.
  void wait(context& here, const members_of& members, std::coroutine_handle<> h);
  /// For slots, and room in the submission queue, for what begins next.
  void stand_in_line() noexcept;
  /// Returns what await_suspend returns.
  [[nodiscard]] bool refuse_at_once(context& here, std::size_t member, failure_code why,
                                    std::coroutine_handle<> h) noexcept;
  /// One that does not begin, or all of the rest.
  void note_refused(std::size_t member, failure_code why) noexcept;
  /// The requests of so many are queued.
  void note_begun(std::uint32_t members) noexcept;
  /// Why this member has not begun.
  [[nodiscard]] failure_code why_not_begun(std::size_t member) const noexcept;
  /// Suspends a member in the name of the awaiting coroutine.
  void suspend_member(operation_base& member) const noexcept;
  void note_over() noexcept { at = over(); }

 private:
  struct step;
  [[nodiscard]] static chain_counter count(chain& all, std::uint32_t members);
  [[nodiscard]] std::coroutine_handle<> one_ended() noexcept;
  [[nodiscard]] bool goes_on() const noexcept;
  [[nodiscard]] bool begin_next() noexcept;
  static void stop(scope_link& link) noexcept;

  const members_of* members_ = nullptr;
  std::uint32_t begun_ = 0;
  std::uint32_t running_ = 0;  ///< of those, not over
  std::size_t refused_ = all_members;
  std::coroutine_handle<> counter_;
};

}  // namespace carousel::detail
