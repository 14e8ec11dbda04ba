#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <string_view>

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
  if (w.random.below(4) == 0) {
    const auto made = co_await in_some_verb(
        w, unix_stream::connect(w.callers.deaf().local_address().value()), asked);
    if (!made && !asked) w.require_injected(made.error());
    co_return;
  }
  w.callers.call();
  auto accepted = co_await in_some_verb(w, w.callers.listener().accept(), asked);
  if (!accepted) {
    if (!asked) w.require_injected(accepted.error());
    co_return;
  }
  co_await serve_caller(w, std::move(*accepted));
}

}  // namespace carousel::random_test
