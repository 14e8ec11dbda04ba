#pragma once

#include <stdexcept>

namespace carousel::test {

/// A value whose move throws once it has been moved `left` times.
struct moves_badly {
  int left;
  explicit moves_badly(int moves) : left(moves) {}
  moves_badly(moves_badly&& other) noexcept(false) : left(other.left - 1) {
    if (left < 0) throw std::runtime_error("moved too often");
  }
  moves_badly& operator=(moves_badly&&) = delete;
  ~moves_badly() = default;
};

}  // namespace carousel::test
