#pragma once

#include <mpi.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <list>

#include "carousel/carousel.hpp"
#include "message.hpp"

namespace carousel_mpi {

/// Messages between the ranks, two-sided, none of which anybody waits for inside MPI: what is sent
/// goes on by itself, and what has come is found by looking. Messages from one rank come in the
/// order in which they were sent. Of the thread that has called MPI_Init_thread.
class mailbox {
 public:
  /// `all` belongs to it, and no other messages go that way.
  explicit mailbox(MPI_Comm all);
  mailbox(const mailbox&) = delete;
  mailbox& operator=(const mailbox&) = delete;
  /// What is still on its way is forgotten: the process ends, or empty() was true.
  ~mailbox() = default;

  [[nodiscard]] int rank() const noexcept { return rank_; }
  [[nodiscard]] int ranks() const noexcept { return ranks_; }

  /// To any rank, itself too.
  void send(int to, message what);
  /// Set when something was sent, which may be answered soon.
  carousel::event sent;
  void send_all_others(const message& what);
  /// Calls `take` for each message that has come, but not for so many that nothing else is done,
  /// and forgets what has got through. False: nothing has come.
  bool look(const std::function<void(int from, message_reader what)>& take);
  /// What has come and gone so far, to itself too.
  struct traffic {
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    std::uint64_t bytes_sent = 0;
    [[nodiscard]] std::uint64_t messages() const noexcept { return sent + received; }
  };
  [[nodiscard]] const traffic& so_far() const noexcept { return so_far_; }
  /// Whether all that was sent has got through.
  [[nodiscard]] bool empty() const noexcept { return sent_.empty() && own_.empty(); }

 private:
  struct letter {
    message text;
    MPI_Request request = MPI_REQUEST_NULL;
  };
  struct coming {
    int from;
    letter what;
  };
  void begin_receiving();

  MPI_Comm all_;
  int rank_ = 0;
  int ranks_ = 1;
  traffic so_far_;
  std::list<letter> sent_;  ///< the addresses of the texts are MPI's
  std::list<coming> coming_;
  std::deque<message> own_;  ///< to itself
};

}  // namespace carousel_mpi
