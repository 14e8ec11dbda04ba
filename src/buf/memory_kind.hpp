#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace carousel::detail {

/// What kind of memory this is, if it is one that no kernel registers: words that complete "it is
/// ...". Empty: of none of these. Throws std::bad_alloc.
[[nodiscard]] std::string unregistrable_kind(std::span<const std::byte> memory);

}  // namespace carousel::detail
