// The loop that an expert writes on bare liburing: all sockets registered, a request per message
// and direction, one call that submits what there is and waits for what comes.

#include <sys/socket.h>
#include <unistd.h>

#include "common/hand_ring.hpp"
#include "socket/exchange.hpp"

namespace bench {
namespace {

struct end {
  std::byte* message = nullptr;
  std::uint64_t left = 0;  ///< messages of this run
  std::size_t done = 0;    ///< bytes of the message that is under way
  bool sends = false;
};

class hand_loop final : public exchange_engine {
 public:
  explicit hand_loop(const exchange& what)
      : what_(what), memory_(what.bytes * what.pairs * 2), ends_(std::size_t{what.pairs} * 2) {
    if (ends_.size() > hand_ring::entries)
      fail("the hand-written loop's ring is smaller than the connections");
    for (const connection& c : connections_of(what)) {
      fds_.push_back(c.asks);
      fds_.push_back(c.answers);
    }
    for (std::size_t i = 0; i < ends_.size(); ++i)
      ends_[i].message = memory_.data() + i * what.bytes;
    ring_.register_files(fds_);
  }
  hand_loop(const hand_loop&) = delete;
  hand_loop& operator=(const hand_loop&) = delete;
  ~hand_loop() override {
    for (const int fd : fds_) ::close(fd);
  }

  void run(std::uint64_t count) override {
    std::size_t open = 0;
    for (unsigned i = 0; i < ends_.size(); ++i) {
      ends_[i].left = share_of(count, what_, i / 2);
      if (ends_[i].left == 0) continue;
      ++open;
      turn_around(i, asks(i));
    }
    while (open > 0) {
      ring_.submit_and_wait();
      (void)ring_.reap([&](const io_uring_cqe& cqe) {
        if (!goes_on(static_cast<unsigned>(cqe.user_data), cqe.res)) --open;
      });
    }
  }

 private:
  static bool asks(unsigned i) noexcept { return i % 2 == 0; }

  bool goes_on(unsigned i, int res) {
    end& e = ends_[i];
    if (res <= 0) fail("a transfer of a socket failed");
    e.done += static_cast<std::size_t>(res);
    if (e.done < what_.bytes) {
      start(i);
      return true;
    }
    if (asks(i) && !e.sends) check_answer(e.message, what_, e.left);
    if (asks(i) != e.sends && --e.left == 0) return false;
    turn_around(i, !e.sends);
    return true;
  }

  void turn_around(unsigned i, bool sends) {
    end& e = ends_[i];
    e.sends = sends;
    e.done = 0;
    if (asks(i) && sends) stamp(e.message, what_, e.left);
    start(i);
  }

  void start(unsigned i) {
    const end& e = ends_[i];
    io_uring_sqe* sqe = ring_.next_sqe();
    const auto fd = static_cast<int>(i);
    if (e.sends) {
      io_uring_prep_send(sqe, fd, e.message + e.done, what_.bytes - e.done, MSG_NOSIGNAL);
    } else {
      io_uring_prep_recv(sqe, fd, e.message + e.done, what_.bytes - e.done, 0);
    }
    sqe->flags = IOSQE_FIXED_FILE;
    sqe->user_data = i;
  }

  exchange what_;
  pages memory_;
  std::vector<end> ends_;
  std::vector<int> fds_;
  liburing_ring ring_;
};

}  // namespace

std::unique_ptr<exchange_engine> exchanges_by_hand(const exchange& what) {
  return std::make_unique<hand_loop>(what);
}

}  // namespace bench
