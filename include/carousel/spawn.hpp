#pragma once

#include <functional>
#include <type_traits>
#include <utility>

#include "carousel/join_handle.hpp"

namespace carousel {
namespace detail {
template <class F, class... Args>
using handle_of_spawned = join_handle<task_value<std::decay_t<F>, std::decay_t<Args>...>>;

/// Of a new record, which the runtime of this thread gets.
template <class T>
join_handle<T> handle_of(task_outcome<T>& made) noexcept {
  made.retain();
  adopt(made);
  return join_handle<T>(&made);
}
}  // namespace detail

/// Starts f(args...), which returns a task<T>, as a task of its own beside the others of this
/// runtime. It first runs in the loop's next turn. The callable and the arguments are moved into
/// the task and live as long as it does, so a lambda with captures is safe here. Throws
/// std::bad_alloc; stops the process outside a runtime.
template <class F, class... Args>
  requires std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...>
detail::handle_of_spawned<F, Args...> spawn(F&& f, Args&&... args) {
  static_assert(detail::makes_a_task<std::decay_t<F>, std::decay_t<Args>...>,
                "spawn() takes a callable that returns a carousel::task, and its arguments");
  static_assert(std::is_constructible_v<std::decay_t<F>, F> &&
                    (std::is_constructible_v<std::decay_t<Args>, Args> && ...),
                "what spawn() is given moves into the task: std::move(x) what has one owner, "
                "std::ref(x) what outlives the task");
  using value = detail::task_value<std::decay_t<F>, std::decay_t<Args>...>;
  (void)detail::this_context();
  return detail::handle_of(*detail::make_root<value>([&] {
    return detail::run_root<value, std::decay_t<F>, std::decay_t<Args>...>(
        std::forward<F>(f), std::forward<Args>(args)...);
  }));
}

/// Starts an existing task object.
template <class T>
join_handle<T> spawn(task<T> t) {
  (void)detail::this_context();
  return detail::handle_of(*detail::root_of(std::move(t)));
}

template <class F, class... Args>
  requires(!std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...> &&
           !detail::is_task<std::remove_cvref_t<F>>)
CAROUSEL_REFUSED(
    "spawn() takes a task, or a coroutine and all of its arguments; what else is awaited, await in "
    "a coroutine of its own")
join_handle<void> spawn(F&&, Args&&...);

}  // namespace carousel
