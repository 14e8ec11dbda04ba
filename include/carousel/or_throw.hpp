#pragma once

#include <type_traits>
#include <utility>

#include "carousel/detail/driver/failure_note.hpp"
#include "carousel/result.hpp"

namespace carousel {

/// For programs that end where something fails: the value, or std::system_error. Its what() is a
/// sentence with what was tried, the path, and what to change where that is known:
///
///     // cannot open 'a.txt' (from /tmp): No such file or directory
///     file in = or_throw(co_await file::open(path));
///
/// Operation and path are those of the operation of this task that failed last, where its error is
/// the same: call it where the result comes. Of a result that was kept while another operation
/// failed alike, it names that one; of one that came out of another task, the error alone is told.
template <class T>
T or_throw(result<T> r) {
  if (!r) [[unlikely]]
    detail::throw_failure(r.error());
  if constexpr (!std::is_void_v<T>) return std::move(*r);
}

/// `auto [n, buf] = or_throw(co_await in.read_at(std::move(buf), 0))`. On an error the buffer goes
/// where its destructor takes it.
template <class T, class B>
std::pair<T, B> or_throw(buf_result<T, B> r) {
  if (!r.res) [[unlikely]]
    detail::throw_failure(r.res.error());
  return {std::move(*r.res), std::move(r.buf)};
}
/// What fills or writes all of its buffer gives the buffer back.
template <class B>
B or_throw(buf_result<void, B> r) {
  if (!r.res) [[unlikely]]
    detail::throw_failure(r.res.error());
  return std::move(r.buf);
}

template <class A>
  requires requires { typename std::remove_cvref_t<A>::resumed_by_loop; }
CAROUSEL_REFUSED("this was not awaited: or_throw(co_await ...)")
std::remove_cvref_t<A> or_throw(A&&);

}  // namespace carousel
