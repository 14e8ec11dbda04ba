#pragma once

#include <span>
#include <string>
#include <vector>

#include "bench/comparison.hpp"

namespace carousel::tool::bench {

/// What the claims come to, a paragraph per question; the first begins with the sentence about
/// registration that people ask for. A difference is in it only if its claim found one, and what
/// noise may hide is said with the size of the noise.
[[nodiscard]] std::vector<std::string> verdict(std::span<const claim> claims);

}  // namespace carousel::tool::bench
