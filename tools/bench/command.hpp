#pragma once

#include "bench/options.hpp"

namespace carousel::tool::bench {

/// `carousel bench`. Exit status: 0; 1 when there are no figures, with the reason on stderr; 2 when
/// there is no io_uring; 128 and the number of the signal that ended it.
int command(const options& wanted);

}  // namespace carousel::tool::bench
