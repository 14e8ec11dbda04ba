#pragma once

#include <compare>

namespace carousel::sys {

/// For what a kernel does wrong and cannot be asked about.
struct linux_version {
  int major_number = 0;
  int minor_number = 0;
  friend auto operator<=>(const linux_version&, const linux_version&) = default;
};

/// Of the kernel that runs; 0.0 if it does not say.
[[nodiscard]] linux_version running_linux() noexcept;

}  // namespace carousel::sys
