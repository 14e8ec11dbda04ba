#pragma once

#include <string>

#include "carousel/carousel.hpp"

namespace carousel_mpi {

/// This rank cannot go on, and without it the others would wait for ever: says why, in words of its
/// own because rank 0 may not hear it any more, and ends all of them.
[[noreturn]] void end_all_ranks(const std::string& why);

/// Does the work. An exception that leaves it ends all ranks: who spawns such work may never wait
/// for it.
carousel::task<> or_end_all_ranks(carousel::task<> work);

}  // namespace carousel_mpi
