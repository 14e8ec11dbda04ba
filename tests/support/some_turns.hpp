#pragma once

#include <carousel/carousel.hpp>

namespace carousel::test {

/// As many as what is ready needs to be through.
inline task<> some_turns() {
  for (int turns = 0; turns < 5; ++turns) co_await yield();
}

}  // namespace carousel::test
