#pragma once

#include <chrono>
#include <cstdint>

namespace carousel::tool {

/// One line on a terminal that is written over and over, and taken away at the end.
class progress_line {
 public:
  progress_line() = default;
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;
  ~progress_line();

  void show(std::uint64_t files, std::uint64_t bytes) const;

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace carousel::tool
