#include <atomic>
#include <cstdint>
#include <memory>

#include "random/in_some_verb.hpp"

// Tasks wait at a word that another task changes, and no wake is lost.

namespace carousel::random_test {
namespace {

using word = std::atomic<std::uint32_t>;

task<> change_and_wake(world& w, std::shared_ptr<word> at) {
  co_await sleep_for(std::chrono::microseconds(w.random.below(2000)));
  *at = 1;
  for (bool done = false; !done;) {
    const auto woken = co_await futex_wake(*at);
    done = woken.has_value();
    if (!done) w.require_injected(woken.error());
    w.require(woken.value_or(0) <= 1, "a wake for one has woken more");
  }
}

}  // namespace

task<> use_futex(world& w) {
  const auto at = std::make_shared<word>(0);
  if (w.options.no_multishot) {  // such a kernel is older
    const auto refused = co_await futex_wait(*at, 0);
    w.require(error_of(refused) == errc::not_supported, "an old kernel has waits at words");
    co_return;
  }
  spawn(change_and_wake(w, at)).detach();
  bool asked = false;
  const auto r = co_await in_some_verb(w, futex_wait(*at, 0), asked);
  if (r || r.error() == std::errc::resource_unavailable_try_again) {
    w.require(*at == 1, "a wait at a word ended before it was changed");
  } else if (!asked) {
    w.require_injected(r.error());
  }
}

}  // namespace carousel::random_test
