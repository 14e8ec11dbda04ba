#include <exception>
#include <expected>
#include <string>
#include <vector>

#include "common/interruption.hpp"
#include "common/output.hpp"
#include "job.hpp"
#include "job_options.hpp"
#include "launch.hpp"
#include "rank_failure.hpp"

namespace {

using carousel_mpi::mpi_session;

/// What there is to be said of the command line is said by rank 0, and what it names in a list is
/// read there, perhaps from stdin; the others learn what came of it, and of sources what their
/// units name.
int run(const mpi_session& session, int argc, char** argv) {
  constexpr int goes_on = -1;
  std::expected<carousel_mpi::job_options, int> options = std::unexpected(goes_on);
  if (session.rank() == 0) options = carousel_mpi::take_job_options(argc, argv);
  const int verdict = session.shared_from_zero(options ? goes_on : options.error());
  if (verdict != goes_on) return verdict;
  const std::vector<std::string> unread;
  if (!options) options = carousel_mpi::take_job_options(argc, argv, &unread);
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
    carousel_mpi::end_all_ranks(e.what());
  }
  mpi_session::finish(session.greatest(carousel::tool::end_output(status)));
}
