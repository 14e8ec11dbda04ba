#pragma once

#include "carousel/config.hpp"

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <expected>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "carousel/detail/base/recycler.hpp"
#include "carousel/detail/driver/inner_scope.hpp"
#include "carousel/detail/verb/inner_await.hpp"
#include "carousel/join_handle.hpp"

namespace carousel::detail {

/// Which of the branches ends the wait for all of them.
enum class ends_with : std::uint8_t { first, last };

/// What the branches of a when_all or when_any have in common.
struct branch_group {
  inner_scope scope;
  std::coroutine_handle<> continuation;  ///< null while the branches are being started
  std::size_t running = 0;               ///< branches that have not ended, and the starting of them
  std::size_t first;                     ///< the branch that ended first; `none` before
  ends_with end;
  std::exception_ptr failure;  ///< of the branch that failed first
  /// The first errc::canceled that a branch threw when it was asked to stop.
  std::exception_ptr stopped;

  static constexpr auto none = static_cast<std::size_t>(-1);
  explicit branch_group(ends_with which) noexcept : first(none), end(which) {}

  /// A branch is over. Returns what runs next.
  std::coroutine_handle<> ended(std::size_t index) noexcept;
  /// A branch is over with the exception that is being handled.
  void failed() noexcept;
};

/// The coroutine that awaits one of several operations. Its frame holds the operation.
struct branch {
  struct promise_type : recycled {
    branch_group* group = nullptr;
    std::size_t index = 0;

    branch get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    static std::suspend_always initial_suspend() noexcept { return {}; }
    template <class A>
    static decltype(auto) await_transform(A&& awaitable) {
      return in_own_task(std::forward<A>(awaitable));
    }
    struct final_awaiter {
      static bool await_ready() noexcept { return false; }
      static std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> h) noexcept {
        return h.promise().group->ended(h.promise().index);
      }
      static void await_resume() noexcept {}
    };
    static final_awaiter final_suspend() noexcept { return {}; }
    static void return_void() noexcept {}
    void unhandled_exception() const noexcept { group->failed(); }
  };
  std::coroutine_handle<promise_type> h;
};

template <class R>
using branch_value = std::conditional_t<std::is_void_v<R>, std::monostate, R>;

template <class R, class Op>
branch run_branch(Op op, std::optional<branch_value<R>>& into) {
  if constexpr (std::is_void_v<R>) {
    co_await std::move(op);
    into.emplace();
  } else {
    auto value = co_await std::move(op);
    into.emplace(std::move(value));
  }
}

/// Taking a value out of a branch cannot fail, and so takes nothing from the others.
template <class T>
inline constexpr bool is_taken_safely = std::is_nothrow_move_constructible_v<T>;

/// A value out of its branch while values whose move may throw are taken: goes back where it came
/// from, unless it arrives. The others stay where they are until theirs has arrived, and so does
/// what has no state.
template <class T>
class on_its_way {
 public:
  explicit on_its_way(std::optional<T>& /*from*/) noexcept {}
  static void arrive(T& /*there*/) noexcept {}
};
template <class T>
  requires is_taken_safely<T> && (!std::is_empty_v<T>)
class on_its_way<T> {
 public:
  explicit on_its_way(std::optional<T>& from) noexcept : from_(&from), value_(std::move(*from)) {}
  on_its_way(const on_its_way&) = delete;
  on_its_way& operator=(const on_its_way&) = delete;
  ~on_its_way() {
    if (from_ != nullptr) from_->emplace(std::move(value_));
  }
  /// In place of what is `there`, which was moved from.
  void arrive(T& there) noexcept {
    std::destroy_at(&there);
    std::construct_at(&there, std::move(value_));
    from_ = nullptr;
  }

 private:
  std::optional<T>* from_;
  T value_;
};

/// All branches of one verb; the verb's awaiter holds it.
///
///   inert    the operations are here
///   started  one coroutine for each, in the order of the arguments, in one scope; those that have
///            ended stay at their final suspension point, and the last one resumes the awaiting
///            coroutine
///   ended    results are taken, or the exception of the branch that failed first is thrown, or
///            that of a move; then what the others have brought stays here
///
/// Destroying it in any state destroys the coroutines where they are.
template <class... Ops>
class branches {
  template <class Op>
  using output = typename inner_await<Op>::output;
  static_assert(sizeof...(Ops) > 0, "there must be something to wait for");
  static_assert((!std::is_reference_v<output<Ops>> && ...),
                "a result that is a reference cannot be kept; return a pointer");
  static constexpr std::size_t taken_with_care =
      (!is_taken_safely<branch_value<output<Ops>>> + ...);
  static_assert(
      taken_with_care < 2 || ((is_taken_safely<branch_value<output<Ops>>> ||
                               std::is_copy_constructible_v<branch_value<output<Ops>>>) &&
                              ...),
      "two results whose moves may throw, one of which cannot be copied: the one would "
      "be lost when the other throws; give that type a move constructor that is noexcept, "
      "or return it by std::unique_ptr");

 public:
  using results = std::tuple<branch_value<output<Ops>>...>;

  explicit branches(ends_with end, Ops&&... ops) noexcept : group_(end), ops_(std::move(ops)...) {}
  branches(branches&& inert) noexcept : group_(inert.group_.end), ops_(std::move(inert.ops_)) {
    CAROUSEL_ASSERT(!inert.frames_.front(),
                    "an operation cannot be moved once it has been awaited");
  }
  branches& operator=(branches&&) = delete;
  ~branches() {
    for (const handle frame : frames_) {
      if (frame) frame.destroy();
    }
  }

  /// True: they wait, and will resume `h`.
  bool start(std::coroutine_handle<> h) {
    context& here = this_context();
    make(std::index_sequence_for<Ops...>());
    group_.running = sizeof...(Ops) + 1;
    group_.scope.begin(here);
    for (const handle frame : frames_) frame.resume();
    CAROUSEL_ASSERT(group_.running != 0, "a branch of a when_all or when_any has ended twice");
    if (--group_.running == 0) return false;
    group_.continuation = h;
    group_.scope.step_out(here);
    return true;
  }
  results finish() {
    group_.scope.end(this_context());
    if (group_.failure) std::rethrow_exception(std::exchange(group_.failure, nullptr));
    if (group_.stopped) say_canceled(std::index_sequence_for<Ops...>());
    return take(std::index_sequence_for<Ops...>());
  }
  [[nodiscard]] std::size_t first() const noexcept { return group_.first; }
  using brought_results = std::tuple<std::optional<branch_value<output<Ops>>>...>;
  /// What has been brought and not taken.
  [[nodiscard]] brought_results& brought() noexcept { return values_; }

 private:
  using handle = std::coroutine_handle<branch::promise_type>;

  template <std::size_t... I>
  void make(std::index_sequence<I...>) {
    ((frames_[I] = run_branch<output<Ops>>(std::move(std::get<I>(ops_)), std::get<I>(values_)).h,
      frames_[I].promise().group = &group_, frames_[I].promise().index = I),
     ...);
  }

  template <std::size_t... I>
  results take(std::index_sequence<I...>) {
    return results(std::move(*std::get<I>(values_))...);
  }
  /// A tuple makes its elements in an order of its own, and destroys those that are there when one
  /// throws.
  template <std::size_t... I>
    requires(taken_with_care != 0)
  results take(std::index_sequence<I...>) {
    std::tuple<on_its_way<branch_value<output<Ops>>>...> safe(std::get<I>(values_)...);
    results all(std::move_if_noexcept(*std::get<I>(values_))...);
    (std::get<I>(safe).arrive(std::get<I>(all)), ...);
    return all;  // in its place: another move might throw
  }

  template <std::size_t... I>
  void say_canceled(std::index_sequence<I...>) {
    (say_canceled<output<Ops>>(I, std::get<I>(values_)), ...);
  }
  /// A branch that threw because it was asked to stop says so in its result where that can be said;
  /// one that gives nothing has lost to the first.
  template <class R>
  void say_canceled(std::size_t index, std::optional<branch_value<R>>& value) {
    if (value) return;
    if constexpr (is_result<R>) {
      value.emplace(std::unexpect, make_error_code(errc::canceled));
    } else {
      if (!std::is_void_v<R> || group_.end == ends_with::last || index == group_.first)
        std::rethrow_exception(std::exchange(group_.stopped, nullptr));
      if constexpr (std::is_void_v<R>) value.emplace();
    }
  }

  branch_group group_;
  std::tuple<Ops...> ops_;
  brought_results values_;
  std::array<handle, sizeof...(Ops)> frames_{};
};

}  // namespace carousel::detail
