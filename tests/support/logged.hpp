#pragma once

#include <utility>

namespace carousel::test {

/// Counts up when it is destroyed, wherever it was moved to; once.
class logged {
 public:
  explicit logged(int& ended) noexcept : ended_(&ended) {}
  logged(logged&& other) noexcept : ended_(std::exchange(other.ended_, nullptr)) {}
  logged& operator=(logged&& other) noexcept {
    std::swap(ended_, other.ended_);
    return *this;
  }
  ~logged() {
    if (ended_ != nullptr) ++*ended_;
  }

 private:
  int* ended_;
};

}  // namespace carousel::test
