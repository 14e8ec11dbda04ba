#include <stop_token>
#include <tuple>
#include <utility>

#include "carousel/ext/operation.hpp"
#include "random/tracked_bytes.hpp"
#include "random/transfers.hpp"

// Chains: what stands behind another operation has run only where that one wholly succeeded.

namespace carousel::random_test {
namespace {

tracked_bytes some_content(world& w, std::size_t bytes) {
  tracked_bytes made(bytes);
  w.random.fill(made.all());
  made.set_size(bytes);
  return made;
}

/// What was asked of a chain as a whole.
struct chain_check {
  world& w;
  bool asked;           ///< a verb has ended it early
  bool goes_on = true;  ///< all members so far have wholly succeeded
  bool is_first = true;

  /// The next member has ended so, and wholly or not.
  void next(std::error_code error, bool whole) {
    w.require(!whole || goes_on,
              "a member of a chain ran although the one before had not succeeded");
    require_cause(error);
    goes_on = whole;
    is_first = false;
  }

 private:
  void require_cause(std::error_code error) const {
    if (!error) return;
    if (error == errc::chain_broken) return w.require(!goes_on, "a chain was broken by nobody");
    if (asked && (error == errc::canceled || error == errc::timed_out)) return;
    // The kernel had memory for a part of the chain only.
    const bool may_be_cut = !is_first && w.options.partial != 0 && w.options.cuts_chains;
    if (may_be_cut && error == std::errc::not_enough_memory) return;
    w.require_injected(error);
  }
};

/// Of a runtime whose ring is too small.
bool is_too_long(const world& w, std::error_code error, std::size_t members) {
  if (error != std::errc::argument_list_too_long) return false;
  w.require(!detail::this_context().io->could_start(members),
            "a chain was refused that would have found room");
  return true;
}

task<> write_and_read(world& w, shadow_file& f, shadow_file::region& first,
                      shadow_file::region& second) {
  auto one = some_content(w, first.size());
  auto other = some_content(w, second.size());
  const std::vector<std::byte> sent[] = {copy_of(one), copy_of(other)};
  first.begin_write();
  second.begin_write();
  bool asked = false;
  auto [a, b, c] =
      co_await in_some_verb(w,
                            linked(f.handle().write_at(std::move(one), first.begin()),
                                   f.handle().write_at(std::move(other), second.begin()),
                                   f.handle().read_at(tracked_bytes(first.size()), first.begin())),
                            asked);
  settle_write(w, first, sent[0], a.res, false);
  settle_write(w, second, sent[1], b.res, false);
  w.require(copy_of(a.buf) == sent[0] && copy_of(b.buf) == sent[1], "a write changed its buffer");
  if (is_too_long(w, error_of(a), 3)) co_return;
  chain_check check{w, asked};
  check.next(error_of(a), a.res == sent[0].size());
  check.next(error_of(b), b.res == sent[1].size());
  check.next(error_of(c), c.res.has_value());
  settle_read(w, first, c.buf, c.res, {});
}

task<> write_and_sync(world& w, shadow_file& f, shadow_file::region& where) {
  auto bytes = some_content(w, where.size());
  const std::vector<std::byte> sent = copy_of(bytes);
  where.begin_write();
  bool asked = false;
  auto [written, synced] = co_await in_some_verb(
      w, linked(f.handle().write_at(std::move(bytes), where.begin()), f.handle().sync_data()),
      asked);
  settle_write(w, where, sent, written.res, false);
  w.require(copy_of(written.buf) == sent, "a write changed its buffer");
  if (is_too_long(w, error_of(written), 2)) co_return;
  chain_check check{w, asked};
  check.next(error_of(written), written.res == sent.size());
  check.next(error_of(synced), synced.has_value());
}

/// The first one waits for nobody, until its time is up.
task<> wait_and_read(world& w, shadow_file& f, const shadow_file::region& where) {
  const time_limit limit(w);
  auto [got, read] = co_await timeout(
      limit.duration, linked(w.silent.handle().read(tracked_bytes(8)),
                             f.handle().read_at(tracked_bytes(where.size()), where.begin())));
  if (is_too_long(w, error_of(got), 2)) co_return;
  const bool asked = error_of(got) == errc::timed_out || error_of(read) == errc::timed_out;
  if (asked) limit.require_over(w);
  chain_check check{w, asked};
  check.next(error_of(got), false);
  check.next(error_of(read), read.res.has_value());
}

/// Does nothing, and must not begin after a stop.
struct watched_nop {
  std::stop_token stop;
  world* w;

  using resources = ext::nothing;
  using output = result<>;
  using lends = ext::lends_nothing;
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_no_file;
  resources held{};

  static ext::failure_code check(const ext::driver&) noexcept { return 0; }
  void encode(ext::driver&, ext::slot&, ext::request&) const {
    w->require(!stop.stop_requested(), "a member of a chain began after a stop");
  }
  static output complete(std::int32_t res, resources&, ext::slot&) noexcept {
    if (res < 0) return std::unexpected(ext::kernel_error(res));
    return {};
  }
  static output fail(std::error_code error, resources&&) noexcept { return std::unexpected(error); }
};

task<> stop_soon(world& w, std::stop_source source) {
  co_await sleep_for(std::chrono::microseconds(w.random.below(2000)));
  source.request_stop();
}

/// Each ends as canceled after a stop, or as it would have without one.
task<> write_until_stopped(world& w, shadow_file& f, shadow_file::region& where) {
  auto bytes = some_content(w, where.size());
  const std::vector<std::byte> sent = copy_of(bytes);
  where.begin_write();
  std::stop_source source;
  auto stopping = spawn(stop_soon(w, source));
  // g++ 12 destroys an aggregate twice that is made inside of a co_await.
  ext::operation<watched_nop> watching(watched_nop{source.get_token(), &w});
  auto [written, watched] = co_await stop_on(
      source.get_token(),
      linked(f.handle().write_at(std::move(bytes), where.begin()), std::move(watching)));
  settle_write(w, where, sent, written.res, false);
  chain_check check{w, source.stop_requested() || stop_requested()};
  if (!is_too_long(w, error_of(written), 2)) {
    check.next(error_of(written), written.res == sent.size());
    check.next(error_of(watched), watched.has_value());
  }
  stopping.abort();
}

}  // namespace

task<> use_linked(world& w) {
  shadow_file& f = w.some_file();
  const auto drawn = f.draw(w.random, *w.kernel, 2000);
  if (!drawn || drawn->first >= shadow_file::bytes) co_return;
  const std::size_t end = std::min(drawn->second, shadow_file::bytes);
  const std::size_t middle = drawn->first + (end - drawn->first) / 2;
  switch (w.random.below(5)) {
    case 0: {
      shadow_file::region where(f, drawn->first, end);
      co_await write_and_sync(w, f, where);
      break;
    }
    case 2: {
      shadow_file::region where(f, drawn->first, end);
      co_await write_until_stopped(w, f, where);
      break;
    }
    case 1: {
      const shadow_file::region where(f, drawn->first, end);
      co_await wait_and_read(w, f, where);
      break;
    }
    default: {
      shadow_file::region first(f, drawn->first, middle);
      shadow_file::region second(f, middle, end);
      co_await write_and_read(w, f, first, second);
      break;
    }
  }
}

}  // namespace carousel::random_test
