#pragma once

#include "carousel/config.hpp"

#include <coroutine>
#include <type_traits>
#include <utility>

#include "carousel/detail/base/thread_mark.hpp"
#include "carousel/detail/driver/parked_waiter.hpp"

namespace carousel::detail {

/// The node of a coroutine that waits for an awaitable which is not the library's. Whoever makes
/// that one ready resumes what it was given from wherever he runs, mostly from inside a task of his
/// own. So he is given a stand-in, and resuming that queues the coroutine: the loop resumes it, in
/// its own task and its own scope, when nobody else runs.
///
///   waits    in its runtime's list of parked waiters, from begin() on
///   queued   the stand-in was resumed; again changes nothing
///   left     its runtime has ended: nobody resumes it any more
class foreign_wait : scope_link, parked_waiter {
 public:
  foreign_wait() = default;
  foreign_wait(const foreign_wait&) = delete;
  foreign_wait& operator=(const foreign_wait&) = delete;
  /// Not inline: g++ 12 would warn of those that an operation which is only moved never makes.
  ~foreign_wait();

  /// Coroutine `h` waits from now on. Returns what the awaitable is to resume. Throws
  /// std::bad_alloc.
  [[nodiscard]] std::coroutine_handle<> begin(std::coroutine_handle<> h);
  /// It does not wait after all.
  void cancel() noexcept;

 private:
  struct stand_in;
  static stand_in stand_in_for(foreign_wait& self);
  void queue() noexcept;

  std::coroutine_handle<> stand_in_;
  const char* thread_ = nullptr;
};

/// An awaitable of the library: the loop alone resumes who awaits it. The type says so by a member
/// type `resumed_by_loop`.
template <class A>
concept resumed_by_loop = requires { typename std::remove_cvref_t<A>::resumed_by_loop; };

template <class A>
concept has_member_co_await = requires(A&& a) { std::forward<A>(a).operator co_await(); };
template <class A>
concept has_free_co_await = requires(A&& a) { operator co_await(std::forward<A>(a)); };

/// What `co_await` makes of an awaitable: the awaitable itself, by reference, where it is its own
/// awaiter.
template <class A>
[[nodiscard]] decltype(auto) awaiter_of(A&& a) {
  if constexpr (has_member_co_await<A>) {
    return std::forward<A>(a).operator co_await();
  } else if constexpr (has_free_co_await<A>) {
    return operator co_await(std::forward<A>(a));
  } else {
    return std::forward<A>(a);
  }
}

/// Awaits an awaitable that is not the library's in a coroutine that is.
template <class A>
class foreign_await {
  using awaiter = decltype(awaiter_of(std::declval<A>()));

 public:
  explicit foreign_await(A&& a) : inner_(awaiter_of(std::forward<A>(a))) {}
  foreign_await(const foreign_await&) = delete;
  foreign_await& operator=(const foreign_await&) = delete;
  ~foreign_await() = default;

  bool await_ready() { return static_cast<bool>(inner_.await_ready()); }
  auto await_suspend(std::coroutine_handle<> h) {
    struct canceled_by_an_exception {
      foreign_wait* wait;
      ~canceled_by_an_exception() {
        if (wait != nullptr) wait->cancel();
      }
    } unless_it_waits{&wait_};
    using answer = decltype(inner_.await_suspend(h));
    if constexpr (std::is_void_v<answer>) {
      inner_.await_suspend(wait_.begin(h));
      unless_it_waits.wait = nullptr;
    } else {
      answer waits = inner_.await_suspend(wait_.begin(h));
      if constexpr (std::is_same_v<answer, bool>) {
        if (!waits) return waits;
      }
      unless_it_waits.wait = nullptr;
      return waits;
    }
  }
  decltype(auto) await_resume() { return inner_.await_resume(); }

 private:
  foreign_wait
      wait_;  // outlives `inner_`, whose destructor may be what takes the stand-in out of a list
  awaiter inner_;
};

/// Awaits one of the library's where it is: g++ 12 would copy what await_transform() returns by
/// reference. The results of all of them are to be used, which clang says; those that have none do
/// not mind.
template <class A>
struct own_await {
  A& inner;
  [[gnu::always_inline]] bool await_ready() const noexcept(noexcept(inner.await_ready())) {
    return inner.await_ready();
  }
  [[gnu::always_inline]] auto await_suspend(std::coroutine_handle<> h) const
      noexcept(noexcept(inner.await_suspend(h))) {
    return inner.await_suspend(h);
  }
  [[nodiscard, gnu::always_inline]] decltype(auto) await_resume() const
      noexcept(noexcept(inner.await_resume())) {
    return inner.await_resume();
  }
};

/// What co_await of another library's awaitable asks of its awaiter.
template <class A>
concept waits_for_itself = requires(A& awaiter, std::coroutine_handle<> h) {
  static_cast<bool>(awaiter.await_ready());
  awaiter.await_suspend(h);
  awaiter.await_resume();
};

/// What a promise of the library makes of an awaitable.
template <class A>
[[nodiscard]] auto in_own_task(A&& a) {
  constexpr bool can_be_awaited = waits_for_itself<decltype(awaiter_of(std::declval<A>()))>;
  static_assert(can_be_awaited,
                "this cannot be awaited: co_await a task, an operation or a verb around it, next() "
                "of a stream, or another library's awaitable");
  if constexpr (can_be_awaited) {
    return foreign_await<A>(std::forward<A>(a));
  } else {
    return std::suspend_never{};
  }
}
template <resumed_by_loop A>
[[nodiscard]] own_await<std::remove_reference_t<A>> in_own_task(A&& a) noexcept {
  return own_await<std::remove_reference_t<A>>{a};
}
/// Also of an lvalue, so that what refuses one says its sentence.
template <resumed_by_loop A>
  requires has_member_co_await<std::remove_cvref_t<A>>
[[nodiscard]] auto in_own_task(A&& a) noexcept {
  return std::forward<A>(a).operator co_await();
}

}  // namespace carousel::detail

/// Only to say in one sentence what is missing in `auto [res, buf] = file.read_at(...)`.
template <carousel::detail::resumed_by_loop A>
  requires std::is_same_v<A, std::remove_cv_t<A>>
struct std::tuple_size<A> {
  static_assert(sizeof(A) == 0, "this was not awaited: write auto [...] = co_await ...");
};
