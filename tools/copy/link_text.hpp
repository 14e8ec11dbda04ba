#pragma once

#include <cstddef>
#include <string>

#include "copy/attributes.hpp"
#include "copy/place.hpp"

namespace carousel::tool {

/// Where the symbolic link leads; `expected` is its size, as far as it is known.
[[nodiscard]] result<std::string> text_of_link(const link_name& link, std::size_t expected);

/// Whether both are symbolic links that lead to the same path. False where one cannot be read.
[[nodiscard]] bool lead_to_one(const link_name& one, const link_name& other);

}  // namespace carousel::tool
