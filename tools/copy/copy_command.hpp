#pragma once

#include "copy/copy_options.hpp"

namespace carousel::tool {

/// `carousel cp`. Exit status: 0; 1 when something was not copied; 2 when nothing could be started;
/// 128 and the number of the signal that ended it.
int copy_command(const copy_options& options);

}  // namespace carousel::tool
