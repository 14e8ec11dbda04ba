#pragma once

#include <carousel/runtime.hpp>

#include <memory>

namespace carousel::sys {
class kernel;
}

namespace carousel::test {

/// The kernel that the environment variable CAROUSEL_TEST_KERNEL names: `fake` is the fake one
/// without surprises, `fake:SEED` one with delays and refusals that must not change any result;
/// without it, the real one.
[[nodiscard]] std::unique_ptr<sys::kernel> make_kernel();
/// A runtime on that kernel.
[[nodiscard]] result<runtime> make_runtime(runtime_options options = {});
[[nodiscard]] bool on_fake_kernel() noexcept;

}  // namespace carousel::test
