#pragma once

#include <list>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>

#include "carousel/detail/driver/stream_handle.hpp"
#include "random/world.hpp"

namespace carousel::random_test {

template <class T>
std::error_code error_of(const result<T>& r) {
  return r ? std::error_code{} : r.error();
}
template <class T, class B>
std::error_code error_of(const buf_result<T, B>& r) {
  return error_of(r.res);
}
template <class B>
std::error_code error_of(const sent_zc<B>& r) {
  return error_of(r.res);
}

/// Of a chain: that of the member which was asked to stop, else that of the first which has one.
template <class... Rs>
std::error_code error_of(const std::tuple<Rs...>& all) {
  std::error_code found;
  const auto look = [&](std::error_code e) {
    if (!found || e == errc::canceled || e == errc::timed_out) found = e ? e : found;
  };
  std::apply([&](const Rs&... each) { (look(error_of(each)), ...); }, all);
  return found;
}

/// What an awaited operation, or a task, gives.
template <class Op>
struct awaited_output {
  using awaiter = std::remove_reference_t<decltype(detail::awaiter_of(std::declval<Op>()))>;
  using type = decltype(std::declval<awaiter&>().await_resume());
};
template <class T>
struct awaited_output<task<T>> {
  using type = T;
};
template <class Items>
struct awaited_output<detail::next_item<Items>> {
  using type = decltype(std::declval<typename detail::next_item<Items>::awaiter&>().await_resume());
};

/// A source of stops that the controller knows while this lives.
class listed_source {
 public:
  explicit listed_source(world& w) : w_(w), at_(w.sources.emplace(w.sources.end())) {
    if (w.random.below(8) == 0) at_->request_stop();
  }
  listed_source(const listed_source&) = delete;
  listed_source& operator=(const listed_source&) = delete;
  ~listed_source() { w_.sources.erase(at_); }
  [[nodiscard]] std::stop_token token() const noexcept { return at_->get_token(); }
  [[nodiscard]] bool stopped() const noexcept { return at_->stop_requested(); }

 private:
  world& w_;
  std::list<std::stop_source>::iterator at_;
};

/// A duration, and when it is over.
struct time_limit {
  explicit time_limit(world& w)
      : duration(std::chrono::microseconds(w.random.below(4000))),
        over_at(detail::now() + duration) {}
  void require_over(const world& w) const {
    w.require(detail::now() >= over_at, "a verb ended an operation before its time was up");
  }
  std::chrono::nanoseconds duration;
  detail::steady_time over_at;
};

/// As in_some_verb().
template <class Op, class Output = typename awaited_output<Op>::type>
task<Output> in_drawn_verb(world& w, Op op, bool& asked) {
  switch (w.random.below(8)) {
    case 0: {
      const time_limit limit(w);
      auto r = co_await timeout(limit.duration, std::move(op));
      asked = error_of(r) == errc::timed_out;
      if (asked) limit.require_over(w);
      co_return r;
    }
    case 1: {
      const listed_source source(w);
      auto r = co_await stop_on(source.token(), std::move(op));
      asked = error_of(r) == errc::canceled && source.stopped();
      co_return r;
    }
    case 2: {
      const time_limit limit(w);
      auto all = co_await when_any(std::move(op), sleep_until(limit.over_at));
      auto r = std::move(std::get<0>(all.results));
      asked = error_of(r) == errc::canceled && !stop_requested();
      if (asked) w.require(all.first == 1, "the first branch that ended has lost");
      if (asked) limit.require_over(w);
      co_return r;
    }
    case 3: {
      const time_limit limit(w);
      auto all = co_await when_all(sleep_until(limit.over_at), std::move(op));
      if (!stop_requested()) limit.require_over(w);
      co_return std::move(std::get<1>(all));
    }
    case 4: {  // the inner one is the first to know
      const time_limit limit(w);
      const listed_source source(w);
      auto r = co_await stop_on(source.token(), timeout(limit.duration, std::move(op)));
      asked = error_of(r) == errc::timed_out || (error_of(r) == errc::canceled && source.stopped());
      if (error_of(r) == errc::timed_out) limit.require_over(w);
      co_return r;
    }
    default: co_return co_await std::move(op);
  }
}

/// As after many awaits that had their answers at once: the next one gives way.
inline void use_up_turn() noexcept { detail::this_context().inline_budget = 1; }

/// Awaits an operation, mostly inside of a verb. `asked`: the verb itself has ended it early, for a
/// reason.
template <class Op, class Output = typename awaited_output<Op>::type>
task<Output> in_some_verb(world& w, Op op, bool& asked) {
  const bool stopped = stop_requested();
  if (w.random.below(4) == 0) use_up_turn();
  auto r = co_await in_drawn_verb(w, std::move(op), asked);
  w.require(!stopped || error_of(r), "an operation ran in a task that was asked to stop");
  co_return r;
}

}  // namespace carousel::random_test
