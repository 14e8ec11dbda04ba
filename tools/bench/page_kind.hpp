#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "bench/figures.hpp"

namespace carousel::tool::bench {

/// Has the kernel use ordinary pages only, also where it would give huge ones unasked. For memory
/// that was not touched yet.
void keep_pages_small(std::span<std::byte> memory) noexcept;

/// How much of the mappings in which this memory lies is made of huge pages, 0 to 1, as
/// /proc/self/smaps tells it.
[[nodiscard]] double huge_part(std::span<const std::byte> memory);

[[nodiscard]] const char* name_of(pages kind) noexcept;
[[nodiscard]] std::string name_of(variant v);

}  // namespace carousel::tool::bench
