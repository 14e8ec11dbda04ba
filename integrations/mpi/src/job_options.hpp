#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "copy/copy_options.hpp"

namespace carousel_mpi {

namespace tool = carousel::tool;

/// The command line of `carousel-mpi cp`: that of `carousel cp`, without what one process has to do
/// alone, and with what is about several.
struct job_options {
  tool::copy_options copy;
  std::uint64_t part_bytes = std::uint64_t{64} << 20U;
};

/// Otherwise the exit status: help, or what is wrong, was printed. Rank 0 alone reads a list of
/// sources, and looks at what it may be; the others take `sources` for what such a list has.
[[nodiscard]] std::expected<job_options, int> take_job_options(
    int argc, char** argv, const std::vector<std::string>* sources = nullptr);

}  // namespace carousel_mpi
