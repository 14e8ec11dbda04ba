// The loop that an expert writes on epoll: edge-triggered, each socket added once, and nothing but
// epoll_wait, recv and send while it runs.

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "common/machine.hpp"
#include "socket/exchange.hpp"

namespace bench {
namespace {

struct end {
  int fd = -1;
  bool asks = false;
  std::byte* message = nullptr;
  std::uint64_t left = 0;  ///< messages of this run
  std::size_t done = 0;    ///< bytes of the message that comes in
};

class epoll_loop final : public exchange_engine {
 public:
  explicit epoll_loop(const exchange& what)
      : what_(what),
        memory_(what.bytes * what.pairs * 2),
        ends_(std::size_t{what.pairs} * 2),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    std::size_t at = 0;
    for (const connection& c : connections_of(what)) {
      add(at++, c.asks, true);
      add(at++, c.answers, false);
    }
  }
  epoll_loop(const epoll_loop&) = delete;
  epoll_loop& operator=(const epoll_loop&) = delete;
  ~epoll_loop() override {
    for (const end& e : ends_) ::close(e.fd);
    ::close(epoll_);
  }

  void run(std::uint64_t count) override {
    std::size_t open = 0;
    for (std::size_t i = 0; i < ends_.size(); ++i) {
      end& e = ends_[i];
      e.left = share_of(count, what_, static_cast<unsigned>(i / 2));
      if (e.left == 0) continue;
      ++open;
      if (e.asks) ask(e);
    }
    std::array<epoll_event, 128> events{};
    while (open > 0) {
      const int ready = ::epoll_wait(epoll_, events.data(), std::size(events), -1);
      if (ready < 0) fail_errno("epoll_wait");
      for (int i = 0; i < ready; ++i)
        if (!take(*static_cast<end*>(events[static_cast<std::size_t>(i)].data.ptr))) --open;
    }
  }

 private:
  void add(std::size_t i, int fd, bool asks) {
    ends_[i] = {.fd = fd, .asks = asks, .message = memory_.data() + i * what_.bytes};
    epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = &ends_[i]}};
    if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0)
      fail_errno("epoll_ctl");
  }

  void ask(const end& e) {
    stamp(e.message, what_, e.left);
    send(e);
  }
  void send(const end& e) const {
    if (::send(e.fd, e.message, what_.bytes, MSG_NOSIGNAL) != static_cast<ssize_t>(what_.bytes))
      fail("a message was not sent as a whole");
  }

  bool take(end& e) {
    const ssize_t n = ::recv(e.fd, e.message + e.done, what_.bytes - e.done, 0);
    if (n < 0 && errno == EAGAIN) return true;
    if (n <= 0) fail("a transfer of a socket failed");
    e.done += static_cast<std::size_t>(n);
    if (e.done < what_.bytes) return true;
    e.done = 0;
    if (e.asks) check_answer(e.message, what_, e.left);
    if (!e.asks) send(e);
    if (--e.left == 0) return false;
    if (e.asks) ask(e);
    return true;
  }

  exchange what_;
  pages memory_;
  std::vector<end> ends_;
  int epoll_;
};

}  // namespace

std::unique_ptr<exchange_engine> exchanges_by_epoll(const exchange& what) {
  return std::make_unique<epoll_loop>(what);
}

}  // namespace bench
