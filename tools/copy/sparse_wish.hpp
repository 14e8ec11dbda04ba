#pragma once

#include <cstdint>

namespace carousel::tool {

/// What --sparse says.
enum class sparse_wish : std::uint8_t {
  automatic,  ///< holes of the source are holes of the copy
  always,     ///< and so are blocks of zeros
  never,      ///< the copy has none
};

}  // namespace carousel::tool
