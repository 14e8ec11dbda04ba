#pragma once

#include <memory>

#include "carousel/runtime.hpp"

namespace carousel::sys {
class kernel;
}

namespace carousel::detail {

/// What tests do to a runtime that its users cannot.
struct runtime_access {
  /// A runtime on a kernel that has not been set up yet; runtime::make() takes the real one.
  [[nodiscard]] static result<runtime> make(std::unique_ptr<sys::kernel> kernel,
                                            runtime_options options);
  /// Null once it was shut down.
  [[nodiscard]] static loop* loop_of(runtime& r) noexcept { return r.loop_; }
};

}  // namespace carousel::detail
