#pragma once

#include <cstdint>

namespace carousel::sys {

/// Whether this kernel's writes take an RWF_ flag (pwritev2(2)); one that it does not know makes
/// them fail with EOPNOTSUPP.
[[nodiscard]] bool knows_write_flag(std::uint32_t flag) noexcept;

}  // namespace carousel::sys
