#include <algorithm>
#include <iterator>
#include <thread>
#include <vector>

#include "random/world.hpp"

// The task that starts the others and disturbs them.

namespace carousel::random_test {
namespace {

constexpr unsigned turns_max = 100'000;

/// A pool that was closed stays registered until its last lease is back.
void notice_the_last_lease(world& w) {
  if (w.closing == nullptr || w.closing->registered() != registration::none) return;
  collection_model& p = *std::exchange(w.closing, nullptr);
  p.note_registration();
  if (w.registered == &p) w.registered = nullptr;
}

void register_one(world& w, collection_model& p) {
  notice_the_last_lease(w);
  const result<> done = p.register_buffers();
  if (done) {
    w.require(w.registered == nullptr && !p.closed(), "two pools are registered at once");
    w.registered = &p;
    p.note_registration();
    return;
  }
  const std::error_code error = done.error();
  if (p.closed()) return w.require(error == errc::pool_closed, "a closed pool says something else");
  if (w.registered != nullptr)
    return w.require(error == errc::already_registered || error == errc::busy,
                     "a second registration was refused for a wrong reason");
  if (error == errc::busy) return;  // operations still use the pool that was there before
  const bool locked = error == std::errc::not_enough_memory &&
                      (error == errc::memlock_limit) != w.options.no_memlock;
  w.require(
      (locked || error == std::errc::operation_not_permitted) && w.options.refused_buffers != 0,
      "registration failed for no reason");
}

void unregister_one(world& w, collection_model& p) {
  notice_the_last_lease(w);
  const result<> done = p.unregister_buffers();
  w.require(done.has_value() == (w.registered == &p),
            "unregister_buffers is wrong about what is registered");
  if (!done)
    return w.require(done.error() == errc::not_registered, "unregister_buffers gave a wrong error");
  w.registered = nullptr;
  p.note_registration();
}

task<> close_one(world& w, pool_model& p) {
  if (p.closed()) co_return;
  p.note_closed();
  if (w.registered == &p) w.closing = &p;
  fixed_buf_pool handle = p.handle();
  const auto closed = co_await std::move(handle).close();
  notice_the_last_lease(w);
  w.require(closed.has_value(), "a pool could not be closed");
  w.require(p.leased() == 0, "a pool closed while leases were out");
}

/// Puts bytes into the pipes that tasks read, takes them out of those that tasks write.
void serve_pipes(world& w) {
  for (shadow_pipe& pipe : w.pipes) {
    w.require(pipe.serve(w.random.below(2000)), "wrong bytes came out of a pipe");
  }
}

/// Stops one stop_on that is awaited, from this thread or from another one.
void stop_one(world& w) {
  if (w.sources.empty()) return;
  std::stop_source source =
      *std::next(w.sources.begin(), static_cast<std::ptrdiff_t>(w.random.below(w.sources.size())));
  if (w.random.below(4) == 0) {
    std::thread([&] { source.request_stop(); }).join();
  } else {
    source.request_stop();
  }
}

struct crew {
  std::vector<join_handle<void>> all;

  void start(world& w, unsigned actions) { all.push_back(spawn(actor, std::ref(w), actions)); }
  void abort_one(world& w) {
    if (all.empty()) return;
    const std::size_t victim = w.random.below(all.size());
    all[victim].abort();
    all[victim] = std::move(all.back());
    all.pop_back();
  }
  [[nodiscard]] bool done() const {
    return std::ranges::all_of(all, [](const auto& one) { return one.done(); });
  }
};

void disturb(world& w, crew& actors, std::vector<join_handle<void>>& closers, unsigned actions) {
  switch (w.random.below(20)) {
    case 0:
    case 1: register_one(w, w.some_collection()); break;
    case 2: unregister_one(w, w.some_collection()); break;
    case 3:
    case 4: actors.abort_one(w); break;
    case 5: actors.start(w, actions); break;
    case 6:
      if (w.random.below(20) == 0)
        closers.push_back(spawn(close_one, std::ref(w), std::ref(w.some_pool())));
      break;
    case 7:
    case 8: stop_one(w); break;
    case 9: ring_one(w); break;
    case 10: post_one(w); break;
    case 11: serve_channel(w); break;
    default: serve_pipes(w); break;
  }
}

/// A task that dies would have to unregister a pool of its own, for which it needs the runtime.
bool some_task_has_registered(const world& w) {
  if (w.registered == nullptr || w.registered == &w.registry) return false;
  return std::ranges::none_of(w.pools,
                              [&](const collection_model& p) { return w.registered == &p; });
}

/// What can also be done from outside of the runtime.
void disturb_from_outside(world& w, crew& actors) {
  switch (w.random.below(8)) {
    case 0:
      if (!some_task_has_registered(w)) actors.abort_one(w);
      break;
    case 1: stop_one(w); break;
    case 2: ring_one(w); break;
    case 3: post_one(w); break;
    case 4: serve_channel(w); break;
    case 5: write_one_eventfd(w); break;
    default: serve_pipes(w); break;
  }
}

/// Until the controller ends, whichever way.
class outside_hands {
 public:
  outside_hands(world& w, crew& actors) : w_(w) {
    w.between_polls = [&w, &actors] { disturb_from_outside(w, actors); };
  }
  outside_hands(const outside_hands&) = delete;
  outside_hands& operator=(const outside_hands&) = delete;
  ~outside_hands() { w_.between_polls = nullptr; }

 private:
  world& w_;
};

}  // namespace

task<> controller(world& w, plan p) {
  crew actors;
  const outside_hands outside(w, actors);
  std::vector<join_handle<void>> crowd;
  std::vector<join_handle<void>> closers;
  if (w.random.below(4) != 0) register_one(w, w.some_collection());
  for (unsigned i = 0; i < p.crowd; ++i) crowd.push_back(spawn(wait_in_crowd, std::ref(w)));
  for (unsigned i = 0; i < p.actors; ++i) actors.start(w, p.actions);
  for (unsigned step = 0; step < p.steps; ++step) {
    disturb(w, actors, closers, p.actions);
    if (w.random.below(3) == 0 || p.embedded) {
      co_await sleep_for(std::chrono::microseconds(w.random.below(2000)));
    } else {
      co_await yield();
    }
  }
  if (!p.finish) co_return;
  w.kernel->release_stuck();
  for (auto& one : crowd) one.abort();
  for (unsigned turn = 0; !actors.done(); ++turn) {
    w.require(turn < turns_max, "tasks do not come to an end");
    serve_pipes(w);
    ring_one(w);
    serve_channel(w);
    co_await sleep_for(std::chrono::microseconds(w.random.below(2000)));
  }
  for (auto& one : closers) co_await std::move(one);
}

}  // namespace carousel::random_test
