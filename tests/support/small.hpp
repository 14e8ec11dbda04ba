#pragma once

#include <carousel/buf/owned_bytes.hpp>

#include <cstddef>

namespace carousel::test {

/// Bytes of a buffer in which only a few words have to find a place.
inline constexpr std::size_t small = 64;

/// Such a buffer, empty.
[[nodiscard]] inline owned_bytes room() { return owned_bytes::with_capacity(small); }

}  // namespace carousel::test
