#pragma once

#include <cstddef>
#include <filesystem>
#include <iterator>

namespace carousel::test {

/// Open descriptors of this process.
[[nodiscard]] inline std::size_t open_fds() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace carousel::test
