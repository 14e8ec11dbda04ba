#pragma once

#include <cstdio>
#include <optional>
#include <utility>

namespace carousel::tool {

/// Major and minor number of what uname(2) calls the release; nothing when it is spelt in a way of
/// its own.
[[nodiscard]] inline std::optional<std::pair<int, int>> kernel_version(const char* release) {
  std::pair<int, int> version;
  const int read =
      std::sscanf(release, "%d.%d", &version.first, &version.second);  // NOLINT(cert-err34-c)
  if (read != 2) return std::nullopt;
  return version;
}

}  // namespace carousel::tool
