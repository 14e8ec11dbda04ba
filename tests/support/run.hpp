#pragma once

#include <carousel/carousel.hpp>

#include <system_error>

#include "support/make_runtime.hpp"

namespace carousel::test {

/// Runs the task that f() returns in a runtime of its own, and gives its value.
template <class F>
auto run(F f, runtime_options options = {}) {
  runtime rt = make_runtime(options).value();
  return rt.block_on(f());
}

/// The error of a result; no error when it has a value.
template <class T>
[[nodiscard]] std::error_code error_of(const result<T>& r) noexcept {
  return r ? std::error_code{} : r.error();
}

}  // namespace carousel::test
