#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "random/in_some_verb.hpp"
#include "support/event_counter.hpp"

// Tasks that take what streams bring, each from one of its own: what comes next is known, and
// nobody else waits for it.

namespace carousel::random_test {
namespace {

/// Those who have called a listener, outside.
class calls {
 public:
  calls() = default;
  calls(const calls&) = delete;
  calls& operator=(const calls&) = delete;
  ~calls() {
    for (const int fd : fds_) ::close(fd);
  }
  void add(const unix_listener& at) {
    const socket_address to = at.local_address().value();
    const int fd =
        fds_.emplace_back(::socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    (void)::connect(fd, to.data(), to.size());
    const auto number = static_cast<std::uint8_t>(made());
    (void)::send(fd, &number, 1, MSG_NOSIGNAL);
  }
  [[nodiscard]] std::size_t made() const noexcept { return fds_.size(); }

 private:
  std::vector<int> fds_;
};

/// A task that does not outlive this.
class dies_here {
 public:
  explicit dies_here(join_handle<void> task) noexcept : task_(std::move(task)) {}
  dies_here(const dies_here&) = delete;
  dies_here& operator=(const dies_here&) = delete;
  ~dies_here() { task_.abort(); }

 private:
  join_handle<void> task_;
};

task<> take_unread(const accept_stream<unix_stream>& from, std::size_t& count) {
  const auto next = co_await from.next();
  if (next) ++count;
}

/// Takes some, in their order; leaves the others to the end of the stream.
task<> take_connections(world& w) {
  const unix_listener at = unix_listener::bind(socket_address::parse("unix:").value()).value();
  calls outside;
  const accept_options how{.ring_only = w.random.below(3) == 0};
  accept_stream in = at.incoming(1 + w.random.below(4), how);
  std::size_t taken = 0;
  for (auto steps = w.random.below(8); steps > 0; --steps) {
    for (auto more = w.random.below(4); more > 0; --more) outside.add(at);
    if (w.random.below(3) == 0) co_await yield();
    if (taken == outside.made()) continue;
    if (w.random.below(8) == 0) {
      // Whoever dies with a connection that was meant for it leaves it to the next.
      const dies_here other(spawn(take_unread, std::cref(in), std::ref(taken)));
      for (auto turns = w.random.below(4); turns > 0; --turns) co_await yield();
      continue;
    }
    bool asked = false;
    const auto next = co_await in_some_verb(w, in.next(), asked);
    if (!next) {
      if (!asked) w.require_injected(next.error());
      continue;
    }
    ++taken;
    std::uint8_t number = 0;
    const bool told = next->fd() < 0 || ::recv(next->fd(), &number, 1, MSG_DONTWAIT) == 1;
    if (next->fd() < 0) number = static_cast<std::uint8_t>(taken);  // nobody can ask at once
    w.require(told && number == taken, "a stream lost a connection, or changed their order");
  }
  if (w.random.below(8) == 0) {
    w.kept_streams.push_back(std::move(in));
    co_return;
  }
  if (w.random.below(2) != 0) co_return;
  // Its end while somebody waits.
  auto waiting = spawn([](accept_stream<unix_stream> from) -> task<> {
    for (;;) {
      const auto next = co_await from.next();
      if (!next && next.error() == errc::end_of_file) co_return;
      if (!next && next.error() == errc::canceled) co_return;
    }
  }(std::move(in)));
  for (auto turns = w.random.below(3); turns > 0; --turns) co_await yield();
  unix_listener closing = at;
  const result<> closed = co_await std::move(closing).close();
  if (!closed) {
    w.require_injected(closed.error());
    waiting.abort();
  } else if (w.random.below(2) == 0) {
    std::move(waiting).detach();
  } else {
    co_await std::move(waiting);
  }
}

}  // namespace

/// An eventfd that the program writes to between two polls, while its task waits.
class watched_counter {
 public:
  explicit watched_counter(world& w) : w_(w), at_(w.counters.insert(w.counters.end(), this)) {}
  watched_counter(const watched_counter&) = delete;
  watched_counter& operator=(const watched_counter&) = delete;
  ~watched_counter() { w_.counters.erase(at_); }
  [[nodiscard]] int fd() const noexcept { return counter_.fd(); }
  /// What was added and not taken yet.
  [[nodiscard]] std::uint64_t left() const noexcept { return left_; }
  void add() noexcept { left_ += counter_.add() ? 1 : 0; }
  void take() noexcept { left_ -= counter_.take(); }

 private:
  world& w_;
  std::list<watched_counter*>::iterator at_;
  test::event_counter counter_;
  std::uint64_t left_ = 0;
};

void write_one_eventfd(world& w) {
  if (!w.counters.empty()) w.counters.front()->add();
}

namespace {

/// For a while: perhaps the program outside writes to it meanwhile.
task<> await_outside(world& w, watched_counter& c, const poll_stream& events) {
  const auto at_most = std::chrono::milliseconds(1 + w.random.below(20));
  const auto next = co_await timeout(at_most, events.next());
  if (next) {
    c.take();  // nothing, if it was taken with what came before
  } else if (next.error() != errc::timed_out && next.error() != errc::canceled) {
    w.require_injected(next.error());
  }
}

task<> take_events(world& w) {
  watched_counter c(w);
  const poll_stream events = poll_stream::on_foreign(c.fd(), poll_events::readable).value();
  for (auto steps = w.random.below(8); steps > 0; --steps) {
    for (auto more = w.random.below(3); more > 0; --more) {
      c.add();
      if (w.random.below(3) == 0) co_await yield();
    }
    if (c.left() == 0 && w.between_polls) {
      co_await await_outside(w, c, events);
      if (stop_requested()) co_return;
    }
    while (c.left() != 0) {
      bool asked = false;
      const auto next = co_await in_some_verb(w, events.next(), asked);
      if (next) {
        w.require(has(*next, poll_events::readable), "a stream tells of nothing");
        c.take();
      } else {
        if (!asked) w.require_injected(next.error());
        if (stop_requested()) co_return;
      }
    }
  }
}

/// A connection, and what is said at its other end, which is outside: the bytes count from 0 on.
class counting_peer {
 public:
  counting_peer() {
    std::array<int, 2> both{};
    (void)::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both.data());
    here_.emplace(unix_stream::from_fd(both[0]));
    there_ = both[1];
  }
  counting_peer(const counting_peer&) = delete;
  counting_peer& operator=(const counting_peer&) = delete;
  ~counting_peer() { end(); }
  [[nodiscard]] const unix_stream& here() const noexcept { return *here_; }
  void say(std::size_t bytes) {
    for (; bytes > 0; --bytes) {
      const auto next = static_cast<std::uint8_t>(said_);
      said_ += ::send(there_, &next, 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1 ? 1 : 0;
    }
  }
  /// False: these are others than come next.
  [[nodiscard]] bool hear(std::span<const std::byte> bytes) noexcept {
    return std::ranges::all_of(bytes, [this](std::byte b) {
      return b == static_cast<std::byte>(static_cast<std::uint8_t>(heard_++));
    });
  }
  [[nodiscard]] bool has_more() const noexcept { return heard_ < said_; }
  void end() {
    if (there_ >= 0) ::close(std::exchange(there_, -1));
  }

 private:
  std::optional<unix_stream> here_;
  int there_ = -1;
  std::size_t said_ = 0;
  std::size_t heard_ = 0;
};

/// An error of a stream that has a cause; true: there will be nothing else.
bool is_end(const world& w, const pool_model& pool, std::error_code error, bool asked) {
  if (error == errc::pool_closed) {
    w.require(pool.closed(), "a stream says that its pool is closed");
    return true;
  }
  if (error == errc::stale_buffer) return true;
  if (!asked) w.require_injected(error);
  return stop_requested();
}

/// What comes through a connection, in leases of a group.
task<> take_bytes(world& w) {
  pool_model& pool = w.some_pool();
  const result<buf_group> group = pool.handle().group(pool.some_capacity(w.random), 1);
  if (!group) {
    w.require(pool.closed() && group.error() == errc::pool_closed, "a group was refused");
    co_return;
  }
  counting_peer peer;
  const receive_stream in = peer.here().receive(*group);
  for (auto steps = w.random.below(6); steps > 0; --steps) {
    peer.say(w.random.below(100));
    while (peer.has_more()) {
      bool asked = false;
      auto next = co_await in_some_verb(w, in.next(), asked);
      if (next) {
        w.require(next->size() != 0 && peer.hear(next->bytes()),
                  "a stream lost bytes, or brought others");
        const hand taken(w, std::move(*next));
        if (w.random.below(4) == 0) co_await yield();
      } else if (is_end(w, pool, next.error(), asked)) {
        co_return;
      }
    }
  }
  if (w.random.below(2) == 0) co_return;
  peer.end();
  for (;;) {
    bool asked = false;
    const auto next = co_await in_some_verb(w, in.next(), asked);
    w.require(!next, "a stream brings more than was said");
    if (next.error() == errc::end_of_file || is_end(w, pool, next.error(), asked)) co_return;
  }
}

}  // namespace

task<> use_streams(world& w) {
  switch (w.random.below(3)) {
    case 0: co_await take_connections(w); break;
    case 1: co_await take_events(w); break;
    default: co_await take_bytes(w); break;
  }
}

}  // namespace carousel::random_test
