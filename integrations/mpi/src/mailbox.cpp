#include "mailbox.hpp"

#include <utility>

namespace carousel_mpi {
namespace {

constexpr int tag = 1;
/// Messages of one look.
constexpr int received_max = 256;

bool is_over(MPI_Request& request) {
  int done = 0;
  MPI_Test(&request, &done, MPI_STATUS_IGNORE);
  return done != 0;
}

}  // namespace

mailbox::mailbox(MPI_Comm all) : all_(all) {
  MPI_Comm_rank(all_, &rank_);
  MPI_Comm_size(all_, &ranks_);
}

void mailbox::send(int to, message what) {
  sent.set();
  ++so_far_.sent;
  so_far_.bytes_sent += what.size();
  if (to == rank_) {
    own_.push_back(std::move(what));
    return;
  }
  letter& next = sent_.emplace_back(std::move(what));
  MPI_Isend(next.text.data(), static_cast<int>(next.text.size()), MPI_CHAR, to, tag, all_,
            &next.request);
}

void mailbox::send_all_others(const message& what) {
  for (int to = 0; to < ranks_; ++to)
    if (to != rank_) send(to, what);
}

/// A long message is on its way for some time, which nobody waits for.
void mailbox::begin_receiving() {
  for (int received = 0; received < received_max; ++received) {
    int there = 0;
    MPI_Status status;
    MPI_Iprobe(MPI_ANY_SOURCE, tag, all_, &there, &status);
    if (there == 0) return;
    int size = 0;
    MPI_Get_count(&status, MPI_CHAR, &size);
    coming& next = coming_.emplace_back(status.MPI_SOURCE,
                                        letter{message(static_cast<std::size_t>(size), '\0')});
    MPI_Irecv(next.what.text.data(), size, MPI_CHAR, status.MPI_SOURCE, tag, all_,
              &next.what.request);
  }
}

bool mailbox::look(const std::function<void(int, message_reader)>& take) {
  bool any = false;
  std::erase_if(sent_, [](letter& one) { return is_over(one.request); });
  begin_receiving();
  while (!coming_.empty() && is_over(coming_.front().what.request)) {
    const coming came = std::move(coming_.front());
    coming_.pop_front();
    ++so_far_.received;
    take(came.from, message_reader(came.what.text));
    any = true;
  }
  while (!own_.empty()) {
    const message came = std::move(own_.front());
    own_.pop_front();
    ++so_far_.received;
    take(rank_, message_reader(came));
    any = true;
  }
  return any;
}

}  // namespace carousel_mpi
