#pragma once

#include <string>
#include <vector>

namespace carousel::tool {

enum class health { ok, warn, fail };

/// One requirement and how this machine meets it.
struct finding {
  health status;
  std::string name;
  std::string fact;
  std::string fix;  ///< what to do; empty when all is well
};

/// Tries for real what Carousel needs; `path` is a file or a directory where O_DIRECT is tried.
std::vector<finding> examine(const std::string& path);

/// Prints the findings, as lines or as one JSON object. Exit status: 0 unless something failed.
int doctor(const std::string& path, bool json);

}  // namespace carousel::tool
