#pragma once

#include <ctime>

namespace carousel::tool {

[[nodiscard]] inline bool is_same_time(const std::timespec& one,
                                       const std::timespec& other) noexcept {
  return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

[[nodiscard]] inline bool is_earlier(const std::timespec& one,
                                     const std::timespec& other) noexcept {
  return one.tv_sec != other.tv_sec ? one.tv_sec < other.tv_sec : one.tv_nsec < other.tv_nsec;
}

}  // namespace carousel::tool
