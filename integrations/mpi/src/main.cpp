#include <exception>
#include <string>

#include "common/interruption.hpp"
#include "common/output.hpp"
#include "job.hpp"
#include "job_options.hpp"
#include "launch.hpp"

namespace {

using carousel_mpi::mpi_session;

/// What there is to be said of the command line is said by rank 0; the others learn what came of
/// it.
int run(const mpi_session& session, int argc, char** argv) {
  constexpr int goes_on = -1;
  int verdict = goes_on;
  if (session.rank() == 0) {
    const auto options = carousel_mpi::take_job_options(argc, argv);
    if (!options) verdict = options.error();
  }
  verdict = session.shared_from_zero(verdict);
  if (verdict != goes_on) return verdict;
  const auto options = carousel_mpi::take_job_options(argc, argv);
  if (!options) return options.error();
  carousel::tool::handle_signals();
  return carousel_mpi::run_job(*options, session);
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int cannot_start = 2;
  carousel::tool::begin_output();
  if (const auto obstacle = mpi_session::foreseen_obstacle()) {
    if (mpi_session::is_first()) carousel::tool::complain(*obstacle);
    return carousel::tool::end_output(cannot_start);
  }
  const mpi_session session(argc, argv);
  if (const auto obstacle = session.obstacle()) {
    if (session.speaks()) carousel::tool::complain(*obstacle);
    mpi_session::finish(carousel::tool::end_output(cannot_start));
  }
  int status = 1;
  try {
    status = run(session, argc, argv);
  } catch (const std::exception& e) {
    carousel::tool::complain("rank " + std::to_string(session.rank()) + " stopped: " + e.what());
    mpi_session::abort(1);
  }
  mpi_session::finish(session.greatest(carousel::tool::end_output(status)));
}
