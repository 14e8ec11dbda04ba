#pragma once

#include "carousel/config.hpp"

namespace carousel {

/// What info() of a path that ends in a symbolic link is about: what that leads to, or the link.
enum class follow_links : bool { no, yes };

/// What becomes of a file that has the new name already, when one is renamed: it is replaced, or it
/// stays and the rename is the error file_exists.
enum class if_exists : bool { fail, replace };

}  // namespace carousel
