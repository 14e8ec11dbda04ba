#pragma once

#include <cstdint>
#include <optional>

namespace carousel::sys {

/// Whether this kernel's writes take an RWF_ flag (pwritev2(2)); one that it does not know makes
/// them fail with EOPNOTSUPP. Nothing where it could not be asked: no descriptors are left, or a
/// filter answers.
[[nodiscard]] std::optional<bool> knows_write_flag(std::uint32_t flag) noexcept;

}  // namespace carousel::sys
