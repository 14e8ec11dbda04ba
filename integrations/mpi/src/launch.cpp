#include "launch.hpp"

#include <fmt/format.h>
#include <mpi.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <string_view>
#include <vector>

namespace carousel_mpi {
namespace {

/// What launchers tell of the processes that they start. SLURM_NTASKS is not among them: salloc
/// sets it for its shell, which is no task.
struct launcher {
  const char* ranks;
  const char* rank;
};
constexpr std::array<launcher, 3> launchers = {{{"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"},
                                                {"PMI_SIZE", "PMI_RANK"},
                                                {"SLURM_STEP_NUM_TASKS", "SLURM_PROCID"}}};
constexpr timespec pause_between_looks{0, 200'000};

int number_in_environment(const char* name, int otherwise) {
  const char* const text = std::getenv(name);
  if (text == nullptr) return otherwise;
  int number = otherwise;
  (void)std::from_chars(text, text + std::strlen(text), number);
  return number;
}

/// "Open MPI v4.1.4, ...", "MPICH Version: 4.0.2...".
std::string_view name_of_mpi() {
  static std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> version{};
  int length = 0;
  MPI_Get_library_version(version.data(), &length);
  const std::string_view text(version.data(), static_cast<std::size_t>(length));
  if (text.starts_with("Open MPI")) return "Open MPI";
  return text.starts_with("MPICH") ? "MPICH" : text.substr(0, text.find_first_of(",\n"));
}

std::string_view right_command(std::string_view mpi) {
  if (mpi == "Open MPI")
    return "`mpirun.openmpi -n N carousel-mpi ...`, or under Slurm `srun --mpi=pmix carousel-mpi "
           "...`";
  return "`mpiexec.mpich -n N carousel-mpi ...`, or under Slurm `srun --mpi=pmi2 "
         "--kill-on-bad-exit=1 carousel-mpi ...`";
}

/// MPI_Wait() takes a processor for itself as long as it waits.
void wait_asleep(MPI_Request& request) {
  for (;;) {
    int done = 0;
    MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (done != 0) return;
    ::nanosleep(&pause_between_looks, nullptr);
  }
}

}  // namespace

mpi_session::mpi_session(int& argc, char**& argv) {
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &threads_);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks_);
}

/// Open MPI of Debian knows no PMI but PMIx, and ends the process where Slurm has started it with
/// another one or with none. Its own launcher sets the first of these, PMIx the second.
std::optional<std::string> mpi_session::foreseen_obstacle() {
  if (name_of_mpi() != "Open MPI" || std::getenv("SLURM_STEP_NUM_TASKS") == nullptr ||
      std::getenv("OMPI_COMM_WORLD_SIZE") != nullptr || std::getenv("PMIX_RANK") != nullptr)
    return std::nullopt;
  return fmt::format(
      "srun has started this without PMIx, by which processes with Open MPI find each other; start "
      "it by {}",
      right_command("Open MPI"));
}

std::optional<std::string> mpi_session::obstacle() const {
  for (const launcher& l : launchers) {
    const int started = number_in_environment(l.ranks, 1);
    if (ranks_ != 1 || started <= 1) continue;
    const std::string_view mpi = name_of_mpi();
    return fmt::format(
        "{} processes were started and each is alone, as rank 0 of 1: all would write the same "
        "files. This program is built with {}, and what started it belongs to another MPI, of Open "
        "MPI and MPICH; start it by {}",
        started, mpi, right_command(mpi));
  }
  if (threads_ < MPI_THREAD_FUNNELED)
    return fmt::format("{} allows no threads here, and files are copied by several", name_of_mpi());
  return std::nullopt;
}

bool mpi_session::speaks() const { return ranks_ != 1 ? rank_ == 0 : is_first(); }

bool mpi_session::is_first() {
  return std::ranges::all_of(
      launchers, [](const launcher& l) { return number_in_environment(l.rank, 0) == 0; });
}

int mpi_session::shared_from_zero(int value) const {
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Ibcast(&value, 1, MPI_INT, 0, MPI_COMM_WORLD, &request);
  wait_asleep(request);
  return value;
}

message mpi_session::shared_from_zero(message value) const {
  value.resize(static_cast<std::size_t>(shared_from_zero(static_cast<int>(value.size()))));
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Ibcast(value.data(), static_cast<int>(value.size()), MPI_CHAR, 0, MPI_COMM_WORLD, &request);
  wait_asleep(request);
  return value;
}

std::vector<message> mpi_session::gathered(const message& own) const {
  const auto ranks = rank_ == 0 ? static_cast<std::size_t>(ranks_) : 0;
  const int size = static_cast<int>(own.size());
  std::vector<int> sizes(ranks);
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Igather(&size, 1, MPI_INT, sizes.data(), 1, MPI_INT, 0, MPI_COMM_WORLD, &request);
  wait_asleep(request);
  std::vector<int> begins(ranks);
  std::exclusive_scan(sizes.begin(), sizes.end(), begins.begin(), 0);
  message together(ranks == 0 ? 0 : static_cast<std::size_t>(begins.back() + sizes.back()), '\0');
  MPI_Igatherv(own.data(), size, MPI_CHAR, together.data(), sizes.data(), begins.data(), MPI_CHAR,
               0, MPI_COMM_WORLD, &request);
  wait_asleep(request);
  std::vector<message> all;
  all.reserve(ranks);
  for (std::size_t i = 0; i < ranks; ++i)
    all.push_back(
        together.substr(static_cast<std::size_t>(begins[i]), static_cast<std::size_t>(sizes[i])));
  return all;
}

int mpi_session::greatest(int value) const {
  int all = value;
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Iallreduce(&value, &all, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD, &request);
  wait_asleep(request);
  return all;
}

int mpi_session::ranks_beside() const {
  MPI_Comm here = MPI_COMM_NULL;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &here);
  int count = 1;
  MPI_Comm_size(here, &count);
  cpu_set_t own;
  CPU_ZERO(&own);
  (void)::sched_getaffinity(0, sizeof own, &own);
  std::vector<cpu_set_t> all(static_cast<std::size_t>(count));
  MPI_Allgather(&own, sizeof own, MPI_BYTE, all.data(), sizeof own, MPI_BYTE, here);
  MPI_Comm_free(&here);
  return static_cast<int>(
      std::ranges::count_if(all, [&](const cpu_set_t& one) { return CPU_EQUAL(&one, &own) != 0; }));
}

void mpi_session::finish(int status) {
  MPI_Finalize();
  std::_Exit(status);
}

void mpi_session::abort(int status) {
  MPI_Abort(MPI_COMM_WORLD, status);
  std::_Exit(status);
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "?";
}

}  // namespace carousel_mpi
