#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "random/in_some_verb.hpp"

namespace carousel::random_test {

/// Whether a fixed operation may say not_registered, or pool_closed: it asks when it starts, and
/// composite ones ask again.
struct registration_watch {
  explicit registration_watch(const collection_model& p) noexcept
      : pool(p),
        epoch(p.epoch()),
        was_registered(p.registered() != registration::none),
        was_closed(p.closed()) {}
  void require_right(const world& w, std::error_code error) const {
    const bool refused =
        error == errc::not_registered || (error == errc::pool_closed && pool.closed());
    w.require(!was_closed || error != errc::not_registered, "a closed pool says something else");
    if (epoch == pool.epoch())
      w.require(refused != was_registered || (!refused && was_registered),
                "a fixed operation does not know whether its pool is registered");
    if (error && !refused) w.require_injected(error);
  }
  const collection_model& pool;
  unsigned epoch;
  bool was_registered;
  bool was_closed;
};

template <class B>
std::vector<std::byte> copy_of(const B& buf) {
  using traits = buf_traits<B>;
  return {traits::data(buf), traits::data(buf) + traits::size(buf)};
}

/// After a write: the data is in the file up to the count, and the buffer's fill is what it was.
template <class R>
void settle_write(world& w, shadow_file::region& where, const std::vector<std::byte>& sent,
                  const R& res, bool composite) {
  if (!res && composite) {
    where.wrote_something();
    return;
  }
  std::size_t n = 0;
  if constexpr (std::is_void_v<typename R::value_type>) {
    n = res ? sent.size() : 0;
  } else {
    n = res.value_or(0);
  }
  w.require(n <= sent.size(), "a write moved more than there was");
  w.require(!res || n != 0 || sent.empty(), "a write to a file moved nothing");
  where.wrote(std::span(sent).first(n));
}

/// After a read of one piece at the region's begin.
template <class B>
void check_read(world& w, const shadow_file::region& where, const B& buf, std::size_t n) {
  using traits = buf_traits<B>;
  w.require(traits::size(buf) == n, "a read did not set the fill to what came");
  w.require(where.holds(where.begin(), std::span(traits::data(buf), n)),
            "a read brought other bytes than the file has");
}

[[nodiscard]] inline std::size_t readable(const shadow_file::region& where, std::size_t capacity) {
  return where.begin() >= shadow_file::bytes
             ? 0
             : std::min(capacity, shadow_file::bytes - where.begin());
}

template <class B>
task<B> write_plain(world& w, shadow_file& f, shadow_file::region& where, B buf, bool all) {
  const std::vector<std::byte> sent = copy_of(buf);
  where.begin_write();
  if (all) {
    auto r = co_await f.handle().write_all_at(std::move(buf), where.begin());
    settle_write(w, where, sent, r.res, true);
    if (!r.res) w.require_injected(r.res.error());
    w.require(copy_of(r.buf) == sent, "a write changed its buffer");
    co_return std::move(r.buf);
  }
  bool asked = false;
  auto r = co_await in_some_verb(w, f.handle().write_at(std::move(buf), where.begin()), asked);
  settle_write(w, where, sent, r.res, false);
  if (!r.res && !asked) w.require_injected(r.res.error());
  w.require(copy_of(r.buf) == sent, "a write changed its buffer");
  co_return std::move(r.buf);
}

template <class B>
task<B> write_registered(world& w, collection_model& p, shadow_file& f, shadow_file::region& where,
                         B buf, bool all) {
  const std::vector<std::byte> sent = copy_of(buf);
  const registration_watch watch(p);
  where.begin_write();
  if (all) {
    auto r = co_await f.handle().write_all_fixed_at(std::move(buf), where.begin());
    settle_write(w, where, sent, r.res, true);
    if (!sent.empty()) watch.require_right(w, error_of(r.res));
    w.require(copy_of(r.buf) == sent, "a write changed its buffer");
    co_return std::move(r.buf);
  }
  bool asked = false;
  auto r =
      co_await in_some_verb(w, f.handle().write_fixed_at(std::move(buf), where.begin()), asked);
  settle_write(w, where, sent, r.res, false);
  watch.require_right(w, asked ? std::error_code{} : error_of(r));
  w.require(copy_of(r.buf) == sent, "a write changed its buffer");
  co_return std::move(r.buf);
}

/// After a read with one operation: `fill` is what was valid before it.
template <class B>
void settle_read(world& w, const shadow_file::region& where, const B& buf,
                 const result<std::size_t>& res, const std::vector<std::byte>& before) {
  if (!res) {
    w.require(copy_of(buf) == before, "a read that failed changed the fill");
    return;
  }
  const std::size_t most = readable(where, buf_traits<B>::capacity(buf));
  w.require(*res <= most && (*res != 0 || most == 0), "a read moved a wrong number of bytes");
  check_read(w, where, buf, *res);
}

/// After a read that goes on until the buffer is full. The buffer was empty before.
template <class B>
void settle_exact(world& w, const shadow_file::region& where, const B& buf, const result<>& res) {
  const std::size_t most = readable(where, buf_traits<B>::capacity(buf));
  const std::size_t n = buf_traits<B>::size(buf);
  w.require(n <= most, "a read brought more than there is");
  if (res) w.require(n == buf_traits<B>::capacity(buf), "an exact read left the buffer half full");
  if (!res && res.error() == errc::end_of_file)
    w.require(n == most && most < buf_traits<B>::capacity(buf), "a wrong end of the file");
  check_read(w, where, buf, n);
}

template <class B>
task<B> read_plain(world& w, shadow_file& f, shadow_file::region& where, B buf, bool exact) {
  const std::vector<std::byte> before = copy_of(buf);
  if (exact && before.empty()) {
    auto r = co_await f.handle().read_exact_at(std::move(buf), where.begin());
    settle_exact(w, where, r.buf, r.res);
    if (!r.res && r.res.error() != errc::end_of_file) w.require_injected(r.res.error());
    co_return std::move(r.buf);
  }
  bool asked = false;
  auto r = co_await in_some_verb(w, f.handle().read_at(std::move(buf), where.begin()), asked);
  settle_read(w, where, r.buf, r.res, before);
  if (!r.res && !asked) w.require_injected(r.res.error());
  co_return std::move(r.buf);
}

template <class B>
task<B> read_registered(world& w, collection_model& p, shadow_file& f, shadow_file::region& where,
                        B buf, bool exact) {
  const std::vector<std::byte> before = copy_of(buf);
  const registration_watch watch(p);
  if (exact && before.empty()) {
    auto r = co_await f.handle().read_exact_fixed_at(std::move(buf), where.begin());
    settle_exact(w, where, r.buf, r.res);
    const bool ended = !r.res && r.res.error() == errc::end_of_file;
    watch.require_right(w, ended ? std::error_code{} : error_of(r.res));
    co_return std::move(r.buf);
  }
  bool asked = false;
  auto r = co_await in_some_verb(w, f.handle().read_fixed_at(std::move(buf), where.begin()), asked);
  settle_read(w, where, r.buf, r.res, before);
  watch.require_right(w, asked ? std::error_code{} : error_of(r));
  co_return std::move(r.buf);
}

/// How a lease goes through a file.
struct way {
  bool fixed;
  bool all;  ///< the composite form

  [[nodiscard]] static way drawn(world& w) {
    const bool fixed = w.random.below(3) != 0;
    return {.fixed = fixed, .all = w.random.below(2) == 0};
  }
};

template <class B>
task<B> write_lease_so(world& w, collection_model& p, shadow_file& f, shadow_file::region& where,
                       B buf, way how) {
  if (how.fixed) co_return co_await write_registered(w, p, f, where, std::move(buf), how.all);
  co_return co_await write_plain(w, f, where, std::move(buf), how.all);
}

template <class B>
task<B> read_lease_so(world& w, collection_model& p, shadow_file& f, shadow_file::region& where,
                      B buf, way how) {
  if (how.fixed) co_return co_await read_registered(w, p, f, where, std::move(buf), how.all);
  co_return co_await read_plain(w, f, where, std::move(buf), how.all);
}

}  // namespace carousel::random_test
