#pragma once

#include <optional>
#include <system_error>
#include <tuple>
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
/// Of a chain: each member says for itself how it ended.
template <class... Rs>
struct verb_output<std::tuple<Rs...>> {
  using type = std::tuple<Rs...>;
  using without_buffer = std::tuple<typename verb_output<Rs>::without_buffer...>;
};
template <>
struct verb_output<void> {
  using type = result<>;
  using without_buffer = result<>;
};

/// What was canceled says why.
template <class R>
void explain_cancel(R& r, errc why) noexcept {
  auto& res = verb_output<R>::result_of(r);
  if (!res && res.error() == errc::canceled) res = std::unexpected(make_error_code(why));
}
template <class... Rs>
void explain_cancel(std::tuple<Rs...>& all, errc why) noexcept {
  std::apply([why](Rs&... each) { (explain_cancel(each, why), ...); }, all);
}

/// What abandon_after() gives where the operation ended in time.
template <class R, class W = typename verb_output<R>::without_buffer>
[[nodiscard]] W with_buffer(R&& r) {
  if constexpr (std::is_same_v<R, W>) {
    return std::forward<R>(r);
  } else {
    return W(std::move(r.res), std::move(r.buf));
  }
}
template <class... Rs>
[[nodiscard]] typename verb_output<std::tuple<Rs...>>::without_buffer with_buffer(
    std::tuple<Rs...>&& all) {
  return std::apply(
      [](Rs&... each) {
        return std::tuple<typename verb_output<Rs>::without_buffer...>(
            with_buffer(std::move(each))...);
      },
      all);
}

/// And where it did not.
template <class W>
struct without_output {
  static W because(errc why) {
    if constexpr (requires(W w) { w.buf; }) {
      return W(std::unexpected(make_error_code(why)), std::nullopt);
    } else {
      return std::unexpected(make_error_code(why));
    }
  }
};
template <class... Ws>
struct without_output<std::tuple<Ws...>> {
  static std::tuple<Ws...> because(errc why) {
    return std::tuple<Ws...>(without_output<Ws>::because(why)...);
  }
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
    if (stopped) explain_cancel(r, why);
    return r;
  }
}

}  // namespace carousel::detail
