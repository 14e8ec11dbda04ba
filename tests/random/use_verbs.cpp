#include "random/tracked_bytes.hpp"
#include "random/transfers.hpp"

// Tasks inside of verbs, which nest as the tasks do.

namespace carousel::random_test {
namespace {

task<> some_things(world& w) { return actor(w, static_cast<unsigned>(w.random.below(4))); }

/// How a verb around a task may end: `early` says whether it had a reason of its own, and then with
/// what.
void require_end(const world& w, const result<>& r, errc why, bool early) {
  if (r) return;
  if (r.error() == why && early) return;
  w.require(r.error() == errc::canceled && stop_requested(), "a verb ended a task for no reason");
}

task<> run_with_timeout(world& w) {
  const time_limit limit(w);
  const auto r = co_await timeout(limit.duration, some_things(w));
  require_end(w, r, errc::timed_out, detail::now() >= limit.over_at);
}

/// A duration that nanoseconds cannot tell.
task<> run_without_limit(world& w) {
  const auto r = co_await timeout(std::chrono::years(300), some_things(w));
  require_end(w, r, errc::timed_out, false);
}

task<> run_until_stopped(world& w) {
  const listed_source source(w);
  const auto r = co_await stop_on(source.token(), some_things(w));
  require_end(w, r, errc::canceled, source.stopped());
}

task<> run_or_abandon(world& w) {
  const time_limit limit(w);
  const auto r = co_await abandon_after(limit.duration, some_things(w));
  require_end(w, r, errc::timed_out, detail::now() >= limit.over_at);
}

/// A loser that nobody else would ever end: bytes that never come.
task<> race(world& w) {
  auto all =
      co_await when_any(some_things(w), w.silent.handle().read(tracked_bytes(8)), some_things(w));
  const auto& never = std::get<1>(all.results);
  w.require(!never.res && never.buf.capacity() == 8, "bytes came from a pipe that has none");
  const bool lost = never.res.error() == errc::canceled && all.first != 1;
  if (!lost) w.require_injected(never.res.error());
}

/// A join throws when it is asked to stop, and nothing else is lost by that: no byte that the pipe
/// has given.
task<> race_a_join(world& w) {
  shadow_pipe& pipe = w.pipes.front();
  if (!pipe.is_free(*w.kernel)) co_return;
  const shadow_pipe::turn turn(pipe);
  auto race = when_any(pipe.handle().read(tracked_bytes(1 + w.random.below(600))),
                       spawn(actor, std::ref(w), static_cast<unsigned>(w.random.below(3))));
  auto& brought = std::get<0>(race.brought());
  std::remove_cvref_t<decltype(brought)> read;
  bool lost = false;
  try {
    auto all = co_await race;
    read.emplace(std::move(std::get<0>(all.results)));
    lost = all.first == 1;
  } catch (const std::system_error& e) {
    w.require(e.code() == errc::canceled && stop_requested(), "a join ended for no reason");
    read.emplace(std::move(brought).value());
  }
  w.require(turn.moved() == read->res.value_or(0), "a read lost bytes of a pipe");
  if (read->res) {
    w.require(turn.matches(read->buf.bytes()), "bytes were lost or doubled in a pipe");
  } else if (!lost || read->res.error() != errc::canceled) {
    w.require_injected(read->res.error());
  }
}

task<> run_both(world& w) { (void)co_await when_all(some_things(w), some_things(w)); }

/// Two reads side by side: both give their buffers back, and what one of them brought, also when it
/// lost.
task<> read_side_by_side(world& w) {
  shadow_file& one = w.files[0];
  shadow_file& two = w.files[1];
  const auto first = one.draw(w.random, *w.kernel, 500);
  const auto second = two.draw(w.random, *w.kernel, 500);
  if (!first || !second) co_return;
  const shadow_file::region here(one, first->first, first->second);
  const shadow_file::region there(two, second->first, second->second);
  const bool any = w.random.below(2) == 0;
  const auto settle = [&](const shadow_file::region& where, auto& r) {
    settle_read(w, where, r.buf, r.res, {});
    const bool lost = any && error_of(r) == errc::canceled;
    if (!r.res && !lost) w.require_injected(r.res.error());
  };
  auto a = one.handle().read_at(tracked_bytes(here.size()), here.begin());
  auto b = two.handle().read_at(tracked_bytes(there.size()), there.begin());
  if (any) {
    auto all = co_await when_any(std::move(a), std::move(b));
    settle(here, std::get<0>(all.results));
    settle(there, std::get<1>(all.results));
  } else {
    auto all = co_await when_all(std::move(a), std::move(b));
    settle(here, std::get<0>(all));
    settle(there, std::get<1>(all));
  }
}

}  // namespace

task<> use_verbs(world& w) {
  switch (w.random.below(8)) {
    case 0: co_await run_with_timeout(w); break;
    case 1: co_await run_until_stopped(w); break;
    case 2: co_await run_or_abandon(w); break;
    case 3: co_await race(w); break;
    case 4: co_await run_both(w); break;
    case 5: co_await race_a_join(w); break;
    case 6: co_await run_without_limit(w); break;
    default: co_await read_side_by_side(w); break;
  }
}

}  // namespace carousel::random_test
