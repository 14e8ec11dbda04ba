#pragma once

#include <optional>
#include <string>
#include <vector>

#include "message.hpp"

namespace carousel_mpi {

/// MPI from its beginning to its end. The process leaves by finish(), or by abort(), or it is
/// killed: one that ends otherwise leaves the launcher guessing.
class mpi_session {
 public:
  mpi_session(int& argc, char**& argv);
  mpi_session(const mpi_session&) = delete;
  mpi_session& operator=(const mpi_session&) = delete;
  ~mpi_session() = default;

  [[nodiscard]] int rank() const noexcept { return rank_; }
  [[nodiscard]] int ranks() const noexcept { return ranks_; }

  /// Before there is one: why MPI could not begin here, which it would say in its own words and
  /// with its own status. It is to be said where is_first() is true.
  [[nodiscard]] static std::optional<std::string> foreseen_obstacle();
  /// Among the processes that the launcher has started, if it says so.
  [[nodiscard]] static bool is_first();

  /// Why nothing can be done in this process; nothing where all is well. It is to be said by one of
  /// those that the launcher has started: speaks() tells.
  [[nodiscard]] std::optional<std::string> obstacle() const;
  [[nodiscard]] bool speaks() const;

  // These wait asleep: what a rank waits for may take long, as a list that comes by a pipe does.

  /// Rank 0's, in all ranks. Messages are far below 2 GiB.
  [[nodiscard]] int shared_from_zero(int value) const;
  [[nodiscard]] message shared_from_zero(message value) const;
  /// What each rank has, in their order, at rank 0; nothing elsewhere.
  [[nodiscard]] std::vector<message> gathered(const message& own) const;
  /// The greatest of all ranks, in all ranks.
  [[nodiscard]] int greatest(int value) const;
  /// Ranks on this machine that may run on the same processors as this one.
  [[nodiscard]] int ranks_beside() const;

  /// All ranks, with the same status.
  [[noreturn]] static void finish(int status);
  [[noreturn]] static void abort(int status);

 private:
  int rank_ = 0;
  int ranks_ = 1;
  int threads_ = 0;  ///< what MPI provides
};

/// Of the processor masks, names of hosts and such: which this process runs on.
[[nodiscard]] std::string host_name();

}  // namespace carousel_mpi
