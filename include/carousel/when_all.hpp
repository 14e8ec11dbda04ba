#pragma once

#include "carousel/config.hpp"

#include <coroutine>
#include <utility>

#include "carousel/detail/verb/branch.hpp"

namespace carousel {

template <class... Ops>
class when_all_operation;

/// Awaits all of them at the same time, in one task, and gives their results in order: `auto [a, b]
/// = co_await when_all(file.read_at(std::move(x), 0), file.read_at(std::move(y), 4096))`. An
/// operation that gives nothing is a std::monostate there. They begin in the order of the
/// arguments.
///
/// Each is an operation, pool.next(), a sleep, a join handle, a task or another verb. When a task
/// throws, the others are asked to stop and awaited, then the exception is rethrown; a second one
/// is written to stderr. What the others have brought is not lost, nor is it when the move of a
/// result throws (one that can be copied is copied then):
///
///     auto both = when_all(file.read_at(std::move(x), 0), may_throw());
///     try {
///       auto [a, b] = co_await both;
///     } catch (...) {
///       // std::optionals; else they are destroyed with the operation, which sends leases home
///       auto& [a, b] = both.brought();
///     }
///
/// Inside of another verb nobody could ask it afterwards: await it in a task, `[](auto& verb) ->
/// task<> { (void)co_await verb; }(both)`, and give that one to the other verb.
///
/// A request to stop from outside reaches all of them. Destroying the awaiting coroutine destroys
/// them all.
template <class... Ops>
when_all_operation<Ops...> when_all(Ops... ops) noexcept;

/// What when_all() returns; awaited once.
template <class... Ops>
class [[nodiscard]] when_all_operation {
 public:
  using resumed_by_loop = void;
  explicit when_all_operation(Ops&&... ops) noexcept
      : branches_(detail::ends_with::last, std::move(ops)...) {}

  static constexpr bool await_ready() noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> h) { return branches_.start(h); }
  [[nodiscard]] auto await_resume() { return branches_.finish(); }

  /// After an exception, what the others have brought: a std::optional for each, in order, empty
  /// where nothing came. The operation must still be there: give it a name and await that.
  [[nodiscard]] auto& brought() noexcept { return branches_.brought(); }

 private:
  detail::branches<Ops...> branches_;
};

template <class... Ops>
when_all_operation<Ops...> when_all(Ops... ops) noexcept {
  return when_all_operation<Ops...>(std::move(ops)...);
}

}  // namespace carousel
