#pragma once

#include "carousel/detail/buf/buf_entry.hpp"

// The gap behind a buffer of an arena has a pattern, in a debug build of the library: see
// guards_are_checked.

namespace carousel::detail {

void set_guard(const buf_entry& e) noexcept;
/// Stops the process where somebody has written there.
void check_guard(const buf_entry& e) noexcept;

}  // namespace carousel::detail
