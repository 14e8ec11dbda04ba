#pragma once

#include "carousel/config.hpp"

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include "carousel/detail/verb/branch.hpp"

namespace carousel {

template <class... Ops>
class when_any_operation;

/// Awaits all of them until one has ended, asks the others to stop, and waits for those too: each
/// gives a result and its buffer back. A loser says errc::canceled, or brings data that came before
/// the stop: look at every result, not at the first one only. Asking to stop has the rules of
/// timeout(); one that cannot be stopped is waited for.
///
/// They begin in the order of the arguments; one that ends at once makes the rest end as cancelled.
/// An operation that gives nothing is a std::monostate in `results`, which a join that lost is too:
/// `first` tells.
///
/// An exception ends it like a result, and is rethrown when the others have ended, as when_all()
/// does; their results are in the operation, see brought(). So is that of a result whose move
/// throws. A loser that throws errc::canceled because it was asked to stop is no failure, unless
/// its type has no way to say so. Destroying the awaiting coroutine destroys them all.
template <class... Ops>
when_any_operation<Ops...> when_any(Ops... ops) noexcept;

/// `auto [first, results] = co_await when_any(...)`: which one ended first, counted from 0, and
/// what each of them gave.
template <class... R>
struct when_any_result {
  std::size_t first;
  std::tuple<R...> results;

  // Not an aggregate, for the same reason as buf_result.
  when_any_result(std::size_t index, std::tuple<R...> all) noexcept(
      std::is_nothrow_move_constructible_v<std::tuple<R...>>)
      : first(index), results(std::move(all)) {}
  /// With the results that `make` gives, which are made in their place.
  template <std::invocable Make>
  when_any_result(std::size_t index, Make make) : first(index), results(make()) {}
};

/// What when_any() returns; awaited once.
template <class... Ops>
class [[nodiscard]] when_any_operation {
  template <class... R>
  static when_any_result<R...> result_with(const std::tuple<R...>&);
  using branches = detail::branches<Ops...>;

 public:
  using resumed_by_loop = void;
  explicit when_any_operation(Ops&&... ops) noexcept
      : branches_(detail::ends_with::first, std::move(ops)...) {}

  static constexpr bool await_ready() noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> h) { return branches_.start(h); }
  [[nodiscard]] auto await_resume() {
    using output = decltype(result_with(std::declval<typename branches::results>()));
    return output(branches_.first(), [this] { return branches_.finish(); });
  }

  /// After an exception, what the others have brought: a std::optional for each, in order, empty
  /// where nothing came. The operation must still be there: give it a name and await that.
  [[nodiscard]] auto& brought() noexcept { return branches_.brought(); }

 private:
  branches branches_;
};

template <class... Ops>
when_any_operation<Ops...> when_any(Ops... ops) noexcept {
  return when_any_operation<Ops...>(std::move(ops)...);
}

}  // namespace carousel
