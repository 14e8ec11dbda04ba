#pragma once

#include <carousel/result.hpp>
#include <utility>

#include "common/machine.hpp"

namespace bench {

/// What a benchmark cannot do without; where there is none, the program ends with the library's
/// reason.
template <class T>
T need(carousel::result<T> made) {
  if (!made) fail(made.error().message());
  return std::move(*made);
}

}  // namespace bench
