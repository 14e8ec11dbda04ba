#include "random/in_some_verb.hpp"
#include "random/world.hpp"

// Tasks that wait for times, by the steady clock and by that of the boot, while the machine is
// suspended now and then.

namespace carousel::random_test {
namespace {

task<> sleep_by_boot(world& w) {
  const auto until = boottime_clock::now() + std::chrono::microseconds(w.random.below(3000));
  bool asked = false;
  const auto r = co_await in_some_verb(w, sleep_until(until), asked);
  if (!r && !asked) w.require_injected(r.error());
  if (r) w.require(boottime_clock::now() >= until, "a sleep has ended before its time");
}

template <class Clock>
task<result<typename basic_interval<Clock>::tick>> next_of(world& w, basic_interval<Clock>& ticks,
                                                           bool in_verb, bool& asked) {
  if (in_verb) co_return co_await in_some_verb(w, ticks.next(), asked);
  co_return co_await ticks.next();
}

template <class Clock, class Now>
task<> take_ticks(world& w, Now now) {
  const std::chrono::nanoseconds period = std::chrono::microseconds(1 + w.random.below(1000));
  const auto start = now();
  auto ticks = every<Clock>(period);
  auto last = start;
  for (auto left = w.random.below(4); left > 0; --left) {
    if (w.random.below(2) == 0) co_await sleep_for(std::chrono::microseconds(w.random.below(3000)));
    bool asked = false;
    const bool in_verb = w.random.below(2) == 0;
    const auto r = co_await next_of(w, ticks, in_verb, asked);
    if (!r && !asked) w.require_injected(r.error());
    if (!r) continue;
    // Through a verb it may have been on its way for a while.
    w.require(in_verb || now() - r->due < period, "a tick was not the last that was due");
    w.require(r->due <= now() && r->due > last, "a tick came before its time, or twice");
    const auto passed = r->due - last;
    w.require(passed == (1 + static_cast<std::int64_t>(r->missed)) * period,
              "an interval is wrong about the ticks that it missed");
    w.require((r->due - start) % period == period.zero(), "an interval has left its grid");
    last = r->due;
  }
}

}  // namespace

task<> use_timers(world& w) {
  switch (w.random.below(4)) {
    case 0: co_await sleep_by_boot(w); break;
    case 1: co_await take_ticks<std::chrono::steady_clock>(w, [] { return detail::now(); }); break;
    case 2: co_await take_ticks<boottime_clock>(w, [] { return boottime_clock::now(); }); break;
    default: w.kernel->suspend(std::chrono::microseconds(w.random.below(5000))); break;
  }
}

}  // namespace carousel::random_test
