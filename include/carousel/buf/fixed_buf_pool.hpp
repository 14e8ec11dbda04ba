#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "carousel/buf/buf_group.hpp"
#include "carousel/buf/fixed_buf.hpp"
#include "carousel/buf/next_operation.hpp"
#include "carousel/detail/base/any_duration.hpp"
#include "carousel/detail/buf/user_storage.hpp"
#include "carousel/task.hpp"

namespace carousel {

/// A set of interchangeable buffers in capacity classes, handed out as leases and registered with
/// the kernel as a whole.
///
/// A value is a cheap handle: copies are the same pool. The memory lives until every handle, every
/// lease (also those inside operations) and the registration are gone; the end of the last handle
/// does not unregister. A pool works without a runtime too, unregistered. Not thread-safe: one
/// thread at a time, and the runtime's thread while it is registered; what other threads are to
/// have is handed over (fixed_buf::hand_over()).
class fixed_buf_pool {
 public:
  /// A pool over memory of its own, in one aligned arena. Indices follow the order of the classes.
  /// Errors: too_many_buffers (more than 16,384), bad_buffer (none, or a capacity of 0 or over 1
  /// TiB), not_enough_memory.
  [[nodiscard]] static result<fixed_buf_pool> make(std::span<const buf_class> classes,
                                                   pool_options options = {}) {
    return adopt(detail::buf_collection::make(classes, options));
  }
  [[nodiscard]] static result<fixed_buf_pool> make(std::initializer_list<buf_class> classes,
                                                   pool_options options = {}) {
    return make(std::span(classes.begin(), classes.size()), options);
  }
  /// A pool over the user's own buffers, which it takes from the range in order. A range that knows
  /// its size and has too many is refused untouched; of another one the first 16,384 are taken, and
  /// it is not advanced further.
  template <std::ranges::input_range Range>
    requires io_buf_mut<std::ranges::range_value_t<Range>>
  [[nodiscard]] static result<fixed_buf_pool> from(Range&& buffers, pool_options options = {}) {
    return adopt(detail::collect(std::forward<Range>(buffers), options));
  }

  /// Registers the buffers with the runtime of this thread, which has one collection at a time, be
  /// it plain; stops the process outside of one. The registration lasts until unregister_buffers()
  /// or the runtime's end, and keeps the memory alive.
  ///
  /// Where the kernel refuses (RLIMIT_MEMLOCK, a filter, an old kernel, a buffer above 1 GiB before
  /// Linux 7.2) the pool goes on unregistered through the same operations, and registered() says
  /// so; with pool_options::strict the error is returned instead. Errors: already_registered (this
  /// pool or another collection, also with another runtime), busy (operations still use the
  /// collection that was unregistered before), bad_buffer (memory that no kernel locks: read-only,
  /// unmapped or guarded, secret, a shared mapping of a file).
  [[nodiscard]] result<> register_buffers() const {
    return pool_->registration().begin(*detail::this_context().io);
  }
  /// Takes effect at once for fixed operations that start; those in flight end normally. Leases
  /// stay valid memory. Errors: not_registered (with this runtime).
  [[nodiscard]] result<> unregister_buffers() const {
    return pool_->registration().end(*detail::this_context().io);
  }
  [[nodiscard]] registration registered() const noexcept { return pool_->registration().outcome(); }
  /// Why it is not registered, as data and as a sentence: after registration::plain, and after an
  /// error of register_buffers() that came from the kernel.
  [[nodiscard]] registration_report why_plain() const { return pool_->registration().why_plain(); }
  /// Of the memory alone, whatever was refused (why_plain() tells that): a sentence with the bytes
  /// that registering these buffers locks, the bytes that RLIMIT_MEMLOCK allows, and the line that
  /// changes it.
  [[nodiscard]] std::string memlock_report() const {
    return pool_->registration().memlock_report();
  }

  /// A free buffer of exactly this capacity. Nothing where none is free, others wait for one, or
  /// the pool has no such capacity; next() says which.
  [[nodiscard]] std::optional<fixed_buf> try_next(std::size_t capacity) const noexcept {
    detail::buf_collection& pool = *pool_.operator->();
    pool.take_back_handed();
    if (auto* c = pool.find(capacity); c != nullptr) {
      if (detail::buf_entry* e = pool.take(*c, detail::current_task_id()); e != nullptr)
        return fixed_buf(*e);
    }
    return std::nullopt;
  }
  /// Waits for a buffer of exactly this capacity.
  next_operation next(std::size_t capacity) const noexcept {
    return {pool_, capacity, detail::steady_time::max()};
  }
  /// The same until a time of std::chrono::steady_clock, in whatever unit; one try is made even
  /// when it has passed.
  next_operation next(std::size_t capacity, detail::any_time deadline) const noexcept {
    return {pool_, capacity, deadline};
  }

  /// A group of `count` buffers of exactly this capacity, for streams to read into. It begins with
  /// those that are free now, and has them to itself; the others come as leases come back. Errors:
  /// no_such_capacity, invalid_argument (none, or more than there are), pool_closed. Throws
  /// std::bad_alloc.
  [[nodiscard]] result<buf_group> group(std::size_t capacity, std::size_t count) const {
    pool_->take_back_handed();
    const result<detail::group_record*> made = detail::group_record::make(pool_, capacity, count);
    if (!made) return std::unexpected(made.error());
    return buf_group(*made);
  }
  /// Buffers that groups have and no stream uses now. What is free to next() or leased, lent, in an
  /// operation, or quarantined is all there is.
  [[nodiscard]] std::size_t lent() const noexcept { return pool_->lent(); }

  /// Buffers that a runtime could not get back from the kernel before its shutdown deadline; they
  /// are never handed out again.
  [[nodiscard]] std::size_t quarantined() const noexcept { return pool_->quarantined(); }

  /// What close<B>() brings.
  template <class B>
  using closing = std::conditional_t<std::is_void_v<B>, void, std::vector<B>>;
  /// Closes the pool for all its handles when awaited: waiters get pool_closed, no new lease is
  /// given. Fixed operations of the leases that are out go on, and the registration ends with the
  /// last of them; where it was ended before, by unregister_buffers(), they say pool_closed.
  /// Finishes when the last lease is back and the kernel has let go; close<B>() then gives the
  /// memory of from() back as result<std::vector<B>>, or the error stale_buffer when some of it is
  /// quarantined. A lease that the awaiting task holds itself is never back: the loop's report will
  /// say so. One that was handed over may come back from any thread, and is waited for as long as
  /// that takes: for ever if the runtime whose operation has it can never get it back. Where no
  /// eventfd can be had to hear of that, its error comes at once, of a pool that is closed. Closing
  /// goes on when it is asked to stop: the operations that hold leases are what to stop. Destroying
  /// the awaiting coroutine leaves the pool closed.
  template <class B = void>
  task<result<closing<B>>> close() && {
    return close_and_wait<B>(std::exchange(pool_, detail::collection_ref(nullptr)));
  }
  template <class B = void>
  CAROUSEL_REFUSED("close() takes the handle: co_await std::move(x).close()")
  task<result<>> close() const&;

 private:
  friend struct detail::collection_probe;
  explicit fixed_buf_pool(detail::buf_collection* adopted) noexcept : pool_(adopted) {}
  static result<fixed_buf_pool> adopt(result<detail::buf_collection*> made) {
    if (!made) return std::unexpected(made.error());
    return fixed_buf_pool(*made);
  }

  static task<detail::failure_code> wait_until_returned(detail::collection_ref pool);
  template <class B>
  static task<result<closing<B>>> close_and_wait(detail::collection_ref pool) {
    if (pool->closed()) co_return std::unexpected(make_error_code(errc::pool_closed));
    const detail::failure_code deaf = co_await wait_until_returned(pool);
    if (deaf != 0) co_return std::unexpected(detail::to_error(deaf));
    if constexpr (std::is_void_v<B>) {
      co_return {};
    } else {
      if (pool->quarantined() != 0) co_return std::unexpected(make_error_code(errc::stale_buffer));
      co_return detail::give_back<B>(pool->take_storage());
    }
  }

  detail::collection_ref pool_;
};

}  // namespace carousel
