#include "rank_failure.hpp"

#include <fmt/format.h>
#include <mpi.h>
#include <time.h>

#include <exception>
#include <utility>

#include "common/output.hpp"
#include "launch.hpp"

namespace carousel_mpi {
namespace {

/// A launcher kills ranks at once, with what it has not passed on.
constexpr timespec to_be_heard{0, 100'000'000};

}  // namespace

void end_all_ranks(const std::string& why) {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  carousel::tool::complain(
      fmt::format("rank {} on {} stopped, which ends all of them: {}", rank, host_name(), why));
  (void)carousel::tool::end_output(1);
  ::nanosleep(&to_be_heard, nullptr);
  mpi_session::abort(1);
}

carousel::task<> or_end_all_ranks(carousel::task<> work) {
  try {
    co_await std::move(work);
  } catch (const std::exception& e) {
    end_all_ranks(e.what());
  }
}

}  // namespace carousel_mpi
