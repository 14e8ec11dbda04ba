#pragma once

#include "job_options.hpp"
#include "launch.hpp"

namespace carousel_mpi {

/// The copy, by all ranks. Gives the exit status of this rank; after a signal it does not return.
[[nodiscard]] int run_job(const job_options& options, const mpi_session& session);

}  // namespace carousel_mpi
