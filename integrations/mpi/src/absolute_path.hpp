#pragma once

#include <string>

namespace carousel_mpi {

/// Where what is named so is, for processes elsewhere; the name itself where that is not known.
/// Empty is the current directory.
[[nodiscard]] std::string absolute_path(const std::string& named);

}  // namespace carousel_mpi
