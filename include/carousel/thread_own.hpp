#pragma once

#include <memory>
#include <utility>

#include "carousel/detail/driver/fork_epoch.hpp"
#include "carousel/result.hpp"

namespace carousel {

/// The calling thread's own T, one for each type: a runtime and what goes with it, for programs
/// whose threads call and wait, and know nothing of a runtime. The first call makes it, by make(),
/// which gives result<std::unique_ptr<T>>; where that fails its error is the result, and the next
/// call tries again. It is destroyed at the end of the thread, with the other thread_local objects
/// of it, in the reverse order of their making.
///
/// Destructors of the program may run later than that, and still call what needs it: error
/// shut_down then, and nothing is made. In a child of fork(), where a runtime cannot be used, the
/// inherited object is destroyed and another one made.
template <class T, class Make>
[[nodiscard]] result<T*> thread_own(Make&& make) {
  // Without a destructor, so that it may be read after `kept` is gone.
  static thread_local constinit bool is_over = false;
  struct keeper {
    std::unique_ptr<T> own;
    unsigned forks = 0;
    ~keeper() {
      own.reset();
      is_over = true;
    }
  };
  if (is_over) return std::unexpected(make_error_code(errc::shut_down));
  static thread_local keeper kept;
  if (kept.own && kept.forks != detail::forks) kept.own.reset();
  if (!kept.own) {
    detail::watch_forks();
    result<std::unique_ptr<T>> made = std::forward<Make>(make)();
    if (!made) return std::unexpected(made.error());
    kept.own = std::move(*made);
    kept.forks = detail::forks;
  }
  return kept.own.get();
}

}  // namespace carousel
