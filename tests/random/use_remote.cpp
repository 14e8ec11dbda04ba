#include <thread>

#include "random/in_some_verb.hpp"
#include "random/world.hpp"

// What other threads may do, done by tasks, or by a thread that ends at once so that a seed is
// repeatable.

namespace carousel::random_test {
namespace {

template <class F>
void on_some_thread(world& w, F f) {
  if (w.random.below(4) == 0) {
    std::thread(f).join();
  } else {
    f();
  }
}

void require_whole(const world& w, const parcel& p) {
  w.require(p.number() != 0, "a channel between runtimes gave something twice");
}

task<> post_and_await(world& w) {
  const std::uint64_t sent = w.random.below(1000);
  const auto back = [&w, sent]() -> task<result<std::uint64_t>> {
    if (w.random.below(2) == 0) co_await yield();
    co_return sent;
  };
  bool asked = false;
  const auto r = co_await in_some_verb(w, w.remote.handle.spawn(back), asked);
  w.require(r ? *r == sent : asked || stop_requested(), "a task of another thread was lost");
}

task<> send_one(world& w) {
  bool asked = false;
  const auto r = co_await in_some_verb(w, w.remote.channel.send(w.remote.make()), asked);
  w.require(r.res.has_value() != r.buf.has_value(), "a value was sent and came back");
  if (!r.res && !asked) w.require_injected(r.res.error());
  if (r.buf) require_whole(w, *r.buf);
}

task<> receive_one(world& w) {
  bool asked = false;
  const auto r = co_await in_some_verb(w, w.remote.channel.receive(), asked);
  if (!r && !asked) w.require_injected(r.error());
  if (r) require_whole(w, *r);
}

}  // namespace

void post_one(world& w) {
  parcel ticket = w.remote.make();
  const auto post = [&w, &ticket] {
    const bool taken = w.remote.handle.post([&w, mine = std::move(ticket)] {
      w.require(mine.number() > w.remote.last_run, "what was posted ran twice, or out of order");
      w.remote.last_run = mine.number();
      w.require(!detail::this_context().stopped(), "what was posted ran in somebody's scope");
      if (w.random.below(4) == 0) ring_one(w);
    });
    w.require(taken, "a runtime that goes on has refused a post");
  };
  on_some_thread(w, post);
}

void serve_channel(world& w) {
  on_some_thread(w, [&w] {
    parcel one = w.remote.make();
    (void)w.remote.channel.try_send(one);
    if (const auto other = w.remote.channel.try_receive()) require_whole(w, *other);
    if (const auto other = w.remote.channel.try_receive()) require_whole(w, *other);
  });
}

task<> use_remote(world& w) {
  switch (w.random.below(4)) {
    case 0: post_one(w); break;
    case 1: co_await post_and_await(w); break;
    case 2: co_await send_one(w); break;
    default: co_await receive_one(w); break;
  }
}

void require_nothing_handed_over(world& w) {
  while (const auto left = w.remote.channel.try_receive()) require_whole(w, *left);
  w.require(!w.remote.handle.post([] {}), "a runtime that has ended has taken a post");
  w.require(w.remote.alive == 0, "what was posted or sent is stuck somewhere");
}

}  // namespace carousel::random_test
