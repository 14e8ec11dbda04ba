#include "random/transfers.hpp"

// Tasks that check buffers out of a pool and rotate them through files.

namespace carousel::random_test {
namespace {

void append_random(world& w, fixed_buf& lease, std::size_t bytes) {
  w.random.fill(lease.spare().first(bytes));
  lease.commit(bytes);
}

/// Nobody else writes into a buffer that is in hand.
task<> keep_for_a_while(world& w, hand& h) {
  h->clear();
  append_random(w, *h, h->capacity());
  const std::vector<std::byte> mine = copy_of(*h);
  for (auto turns = w.random.below(4); turns > 0; --turns) co_await yield();
  w.require(copy_of(*h) == mine, "somebody wrote into a buffer that was leased");
}

task<> write_lease(world& w, collection_model& p, hand& h) {
  shadow_file& f = w.some_file();
  const auto drawn = f.draw(w.random, *w.kernel, h->capacity());
  if (!drawn || drawn->first >= shadow_file::bytes) co_return;
  shadow_file::region where(f, drawn->first, std::min(drawn->second, shadow_file::bytes));
  h->clear();
  append_random(w, *h, where.size());
  const way how = way::drawn(w);
  if (w.random.below(3) != 0) {
    fixed_buf buf = h.give();
    auto back = co_await write_lease_so(w, p, f, where, std::move(buf), how);
    h.take(std::move(back));
    co_return;
  }
  const std::size_t begin = w.random.below(h->size() + 1);
  const std::size_t end = begin + w.random.below(h->capacity() - begin + 1);
  auto slice = h.give().slice(begin, end);
  auto back = co_await write_lease_so(w, p, f, where, std::move(slice), how);
  h.take(std::move(back).into_inner());
}

task<> read_lease(world& w, collection_model& p, hand& h) {
  shadow_file& f = w.some_file();
  const auto drawn = f.draw(w.random, *w.kernel, h->capacity());
  // Regions are as long as what is read, so the end that was drawn is the slice's.
  if (!drawn) co_return;
  const std::size_t length = drawn->second - drawn->first;
  shadow_file::region where(f, drawn->first, drawn->second);
  h->clear();
  const std::size_t begin = w.random.below(h->capacity() - length + 1);
  append_random(w, *h, begin + w.random.below(2) * w.random.below(length));
  const way how = way::drawn(w);
  auto slice = h.give().slice(begin, begin + length);
  auto back = co_await read_lease_so(w, p, f, where, std::move(slice), how);
  h.take(std::move(back).into_inner());
}

/// An operation that is never awaited touches no kernel and gives its buffer back.
void destroy_unawaited(world& w, hand& h) {
  fixed_buf buf = h.give();
  if (w.random.below(2) == 0) {
    const auto unawaited = w.some_file().handle().read_fixed_at(std::move(buf), 0);
  } else {
    const auto unawaited = w.some_file().handle().write_all_at(std::move(buf), 0);
  }
}

/// A read that nobody waits for any more keeps its buffer until its last completion. False: the
/// buffer is gone.
task<bool> read_or_abandon(world& w, collection_model& p, hand& h) {
  shadow_file& f = w.some_file();
  const auto drawn = f.draw(w.random, *w.kernel, h->capacity());
  if (!drawn) co_return true;
  const shadow_file::region where(f, drawn->first, drawn->second);
  h->clear();
  const registration_watch watch(p);
  const time_limit limit(w);
  auto r = co_await abandon_after(
      limit.duration, f.handle().read_fixed_at(h.give().slice(0, where.size()), where.begin()));
  if (!r.buf) {
    w.require(r.res.error() == errc::timed_out, "a buffer stayed away for no reason");
    limit.require_over(w);
    co_return false;
  }
  settle_read(w, where, *r.buf, r.res, {});
  watch.require_right(w, error_of(r));
  h.take((*std::move(r.buf)).into_inner());
  co_return true;
}

/// Several things with one buffer.
task<> rotate(world& w, collection_model& p, hand h) {
  for (auto rounds = 1 + w.random.below(3); rounds > 0; --rounds) {
    switch (w.random.below(9)) {
      case 0: co_await keep_for_a_while(w, h); break;
      case 1: co_await yield(); break;
      case 2: destroy_unawaited(w, h); co_return;
      case 3:
      case 4: co_await write_lease(w, p, h); break;
      case 5: {
        const bool kept = co_await read_or_abandon(w, p, h);
        if (!kept) co_return;
        break;
      }
      default: co_await read_lease(w, p, h); break;
    }
  }
}

/// How 1: for ever; 2: with a deadline; 3: with a timeout around it.
task<result<fixed_buf>> wait_in_line(const fixed_buf_pool& pool, std::size_t capacity,
                                     detail::steady_time limit, std::uint64_t how) {
  if (how == 1) co_return co_await pool.next(capacity);
  if (how == 2) co_return co_await pool.next(capacity, limit);
  co_return co_await timeout(limit - detail::now(), pool.next(capacity));
}

}  // namespace

task<std::optional<hand>> acquire(world& w, pool_model& p) {
  const std::size_t capacity = p.some_capacity(w.random);
  const bool must_wait = !p.has_free(capacity);
  const bool overtakes = p.has_waiter(capacity);
  const auto how = w.random.below(4);
  if (how == 0) {
    auto taken = p.handle().try_next(capacity);
    w.require(taken.has_value() == (!must_wait && !p.closed()),
              "try_next does not give what is free, or gives what is not");
    if (!taken) co_return std::nullopt;
    w.require(taken->size() == 0, "a new lease is not empty");
    co_return std::optional<hand>(std::in_place, w, std::move(*taken));
  }
  const bool closed_before = p.closed();
  auto limit = detail::now() + std::chrono::microseconds(w.random.below(4000));
  if (how == 1) limit = detail::steady_time::max();
  const pool_model::ticket mine(p, capacity, limit);
  const bool stopped_before = stop_requested();
  auto got = co_await wait_in_line(p.handle(), capacity, limit, how);
  if (!got) {
    const bool late = (how != 1 && got.error() == errc::timed_out) ||
                      (got.error() == errc::canceled && stop_requested());
    w.require(late || (got.error() == errc::pool_closed && p.closed()),
              "next failed for no reason");
    w.require(must_wait || closed_before || stopped_before, "next failed though a buffer was free");
    co_return std::nullopt;
  }
  w.require(!closed_before, "a closed pool gave a lease");
  // One whose time is up makes a last try, which others who were granted a buffer need not have
  // noticed yet.
  const bool gave_up = limit <= detail::now() || stop_requested();
  const bool last_try = gave_up && !p.has_waiter(capacity);
  const bool in_order = last_try || mine.is_first();
  if (must_wait || overtakes) w.require(in_order, "a waiter was overtaken");
  w.require(got->size() == 0, "a new lease is not empty");
  co_return std::optional<hand>(std::in_place, w, std::move(*got));
}

task<> use_lease(world& w) {
  pool_model& p = w.some_pool();
  auto got = co_await acquire(w, p);
  if (got) co_await rotate(w, p, std::move(*got));
}

task<> use_registry(world& w) {
  const registry_model& r = w.registry;
  const std::size_t index = w.random.below(r.handle().count() + 1);
  const bool was_in = r.is_in(index);
  auto taken = r.handle().check_out(index);
  w.require(taken.has_value() == was_in,
            "check_out does not give what is in, or gives what is out");
  if (!taken) co_return;
  w.require(taken->index() == index && taken->size() == 0, "check_out gave another buffer");
  co_await rotate(w, w.registry, hand(w, std::move(*taken)));
}

}  // namespace carousel::random_test
