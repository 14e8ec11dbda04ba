#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "random/in_some_verb.hpp"
#include "random/tracked_bytes.hpp"

// Tasks that accept and make connections. Whoever accepts has called somebody before, so nobody
// waits for ever; who called is outside, and stays until the end.

namespace carousel::random_test {
namespace {

constexpr std::string_view greeting = "hello from outside";

tracked_bytes greeting_again() {
  tracked_bytes made(greeting.size());
  std::ranges::copy(std::as_bytes(std::span(greeting)), made.data());
  made.set_size(greeting.size());
  return made;
}

/// What the caller has sent, and no more; it may be broken off by a fault at any point.
task<> serve_caller(world& w, unix_stream peer) {
  bool asked = false;
  auto first = co_await in_some_verb(w, peer.read(tracked_bytes(5)), asked);
  if (!first.res) {
    if (!asked) w.require_injected(first.res.error());
    co_return;
  }
  w.require(*first.res != 0 && first.buf.size() == *first.res, "a connection ended early");
  const auto rest = greeting.substr(*first.res);
  std::vector<tracked_bytes> pieces;
  pieces.emplace_back(3);
  pieces.emplace_back(40);
  auto more = co_await peer.readv(std::move(pieces));
  if (!more.res) {
    w.require_injected(more.res.error());
    co_return;
  }
  std::vector<std::byte> came(first.buf.bytes().begin(), first.buf.bytes().end());
  for (const tracked_bytes& piece : more.buf)
    came.insert(came.end(), piece.bytes().begin(), piece.bytes().end());
  w.require(came.size() == *first.res + *more.res, "a read of a connection lost count");
  w.require(*more.res <= rest.size() &&
                std::ranges::equal(came, std::as_bytes(std::span(greeting)).first(came.size())),
            "a connection brought other bytes than were sent");
  auto back = co_await in_some_verb(w, peer.write_all(greeting_again()), asked);
  if (!back.res && !asked) w.require_injected(back.res.error());
  if (w.random.below(2) == 0) co_return;
  // Its handle goes, and operations of another with it.
  auto waiting = spawn([](unix_stream from) -> task<> {
    for (;;) {
      const auto r = co_await from.read(tracked_bytes(64));
      if (r.res.value_or(0) == 0) co_return;
    }
  }(peer));
  for (auto turns = w.random.below(3); turns > 0; --turns) co_await yield();
  const result<> closed = co_await std::move(peer).close();
  if (!closed) {
    w.require_injected(closed.error());
    waiting.abort();
  } else if (w.random.below(2) == 0) {
    std::move(waiting).detach();
  }
}

/// A TCP connection, whose other end is outside.
class listening_peer {
 public:
  listening_peer() {
    const auto at = tcp_listener::bind(socket_address::parse("127.0.0.1:0").value()).value();
    const socket_address to = at.local_address().value();
    (void)::connect(there_, to.data(), to.size());
    here_.emplace(tcp_stream::from_fd(::accept4(at.fd(), nullptr, nullptr, SOCK_CLOEXEC)));
    // So many connections would use up the ports with the time that each of them waits at its end.
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    (void)::setsockopt(there_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  listening_peer(const listening_peer&) = delete;
  listening_peer& operator=(const listening_peer&) = delete;
  ~listening_peer() { ::close(there_); }
  [[nodiscard]] const tcp_stream& here() const noexcept { return *here_; }
  [[nodiscard]] bool hears(std::span<const std::byte> bytes) const {
    std::vector<std::byte> came(bytes.size());
    const ssize_t n = came.empty() ? 0 : ::recv(there_, came.data(), came.size(), MSG_WAITALL);
    return n == std::ssize(came) && std::ranges::equal(came, bytes);
  }

 private:
  std::optional<tcp_stream> here_;
  int there_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
};

/// The bytes arrive as they were, and a buffer that is back is written to at once.
task<> send_in_place(world& w) {
  pool_model& pool = w.some_pool();
  auto lease = pool.handle().try_next(pool.some_capacity(w.random));
  if (!lease) co_return;
  hand h(w, std::move(*lease));
  const listening_peer peer;
  for (auto rounds = 1 + w.random.below(3); rounds > 0; --rounds) {
    h->clear();
    const std::span<std::byte> fresh = h->spare().first(w.random.below(h->capacity() + 1));
    w.random.fill(fresh);
    h->commit(fresh.size());
    const std::vector<std::byte> said(fresh.begin(), fresh.end());
    bool asked = false;
    auto sent = co_await in_some_verb(w, peer.here().send_zc(h.give()), asked);
    if (!sent.res && !asked) w.require_injected(sent.res.error());
    w.require(peer.hears(std::span(said).first(sent.res.value_or(0))),
              "a zero-copy send sends other bytes than it was given");
    if (w.random.below(3) == 0) co_return;  // and the buffer goes home alone
    auto back = co_await std::move(sent.rest);
    h.take(std::move(back.buf));
    std::ranges::fill(h->bytes(), std::byte{});
    if (!sent.res) co_return;
  }
}

}  // namespace

outside_callers::outside_callers()
    : listener_(unix_listener::bind(socket_address::parse("unix:").value()).value()),
      deaf_(unix_listener::bind(socket_address::parse("unix:").value()).value()),
      at_(listener_->local_address().value()) {}

outside_callers::~outside_callers() {
  for (const int fd : callers_) ::close(fd);
}

void outside_callers::call() {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  callers_.push_back(fd);
  (void)::connect(fd, at_.data(), at_.size());
  (void)::send(fd, greeting.data(), greeting.size(), MSG_NOSIGNAL);
}

void outside_callers::close_handles() noexcept {
  listener_.reset();
  deaf_.reset();
}

task<> use_sockets(world& w) {
  bool asked = false;
  if (w.random.below(3) == 0) co_return co_await send_in_place(w);
  if (w.random.below(4) == 0) {
    const auto made = co_await in_some_verb(
        w, unix_stream::connect(w.callers.deaf().local_address().value()), asked);
    if (!made && !asked) w.require_injected(made.error());
    co_return;
  }
  w.callers.call();
  const accept_options how{.ring_only = w.random.below(2) == 0};
  auto accepted = co_await in_some_verb(w, w.callers.listener().accept(how), asked);
  if (!accepted) {
    if (!asked) w.require_injected(accepted.error());
    co_return;
  }
  co_await serve_caller(w, std::move(*accepted));
}

}  // namespace carousel::random_test
