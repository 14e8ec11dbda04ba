#pragma once

#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>

#include "carousel/detail/verb/inner_await.hpp"
#include "carousel/result.hpp"

namespace carousel::detail {

/// What a verb that may end an operation early makes of the operation's own output. Only outputs
/// that can say how the operation ended will do: result<T>, buf_result<T, B>, and nothing, which
/// becomes result<>.
template <class R>
struct verb_output {
  static_assert(sizeof(R) == 0,
                "an operation that is asked to stop must be able to say so: give this verb one "
                "that yields result<T>, buf_result<T, B> or nothing");
};
template <class T>
struct verb_output<result<T>> {
  using type = result<T>;
  using without_buffer = result<T>;
  static result<T>& result_of(type& r) noexcept { return r; }
};
template <class T, class B>
struct verb_output<buf_result<T, B>> {
  using type = buf_result<T, B>;
  using without_buffer = buf_result<T, std::optional<B>>;
  static result<T>& result_of(type& r) noexcept { return r.res; }
};
template <>
struct verb_output<void> {
  using type = result<>;
  using without_buffer = result<>;
};

/// Ends the operation of a verb. `stopped`: it was asked to stop before; then errc::canceled
/// becomes `why`.
template <class Op>
typename verb_output<typename inner_await<Op>::output>::type finish_inner(inner_await<Op>& inner,
                                                                          bool stopped, errc why) {
  using output = typename inner_await<Op>::output;
  if constexpr (std::is_void_v<output>) {
    try {
      inner.finish();
    } catch (const std::system_error& e) {  // a join that was stopped
      if (!stopped || e.code() != errc::canceled) throw;
      return std::unexpected(make_error_code(why));
    }
    if constexpr (requires { inner.ended_early(); }) stopped = inner.ended_early();
    if (stopped) return std::unexpected(make_error_code(why));
    return {};
  } else {
    output r = inner.finish();
    auto& res = verb_output<output>::result_of(r);
    if (stopped && !res && res.error() == errc::canceled) {
      res = std::unexpected(make_error_code(why));
    }
    return r;
  }
}

}  // namespace carousel::detail
