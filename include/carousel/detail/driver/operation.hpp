#pragma once

#include <algorithm>
#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include "carousel/detail/base/poison.hpp"
#include "carousel/detail/base/recycler.hpp"
#include "carousel/detail/driver/context.hpp"
#include "carousel/detail/driver/driver.hpp"
#include "carousel/ext/hooks.hpp"

namespace carousel::detail {

struct chain_access;

/// The part of an awaiter that the driver sees.
struct operation_base : waiter {
  // While it has no slot. The small ones come first, where the base has room.
  std::uint16_t slots_wanted;  ///< in line: it begins when there are so many
  failure_code failed;  ///< why it never started; of one that was attempted what that brought
  void (*begin)(operation_base&, driver&);

  slot* at = nullptr;  ///< inert(), over() and no_slot() are no slots
 protected:
  driver* io_;  ///< from the await on

 public:
  operation_base() noexcept {}  // NOLINT(modernize-use-equals-default): it would clear all that
  [[nodiscard]] static slot* inert() noexcept { return nullptr; }
  /// It has given its result, or was moved from.
  [[nodiscard]] static slot* over() noexcept { return reinterpret_cast<slot*>(1); }
  /// Its coroutine is suspended, and it stands in line, or has failed before it started.
  [[nodiscard]] static slot* no_slot() noexcept { return reinterpret_cast<slot*>(2); }
  /// It has its result, without the ring or while its slot goes on alone.
  [[nodiscard]] static slot* has_result() noexcept { return reinterpret_cast<slot*>(3); }
  static constexpr std::uintptr_t last_of_no_slots = 3;
  [[nodiscard]] bool has_slot() const noexcept {
    return reinterpret_cast<std::uintptr_t>(at) > last_of_no_slots;
  }
  /// Of one that is awaited.
  [[nodiscard]] driver& io() const noexcept { return *io_; }

 protected:
  ~operation_base() = default;
  // Of its driver, which does it.
  void wait_to_start() noexcept;
  void wait_elsewhere() noexcept;
  void abandon() noexcept;
  void request_stop() noexcept;
};
static_assert(sizeof(operation_base) == 72, "each operation that somebody awaits has one");

/// The second file of an operation that uses two, which is among its resources.
template <class Resources>
[[nodiscard]] constexpr const descriptor* other_file(const Resources&) noexcept {
  return nullptr;
}

/// The operation has ended, and does not use that one any more.
template <class Resources>
constexpr void end_use_of_other_file(Resources&) noexcept {}

/// One operation: inert until awaited. While the kernel works it lives in its awaiter, which the
/// driver finds through a slot; if the awaiter is destroyed before, the slot takes over what the
/// kernel may still use. carousel/ext/operation.hpp tells what `Op` says.
template <class Op>
class [[nodiscard("an operation does nothing until it is awaited: write co_await")]] operation
    : scope_link,
      operation_base {
  static_assert(says_all_of_itself<Op>());
  using resources = typename Op::resources;
  using output = typename Op::output;
  using lends = typename Op::lends;
  using unclaimed = typename Op::unclaimed;
  static_assert(
      sizeof(resources) <= slot::resources_bytes_max,
      "this buffer type is too large to live in an operation: hold it by std::unique_ptr");

 public:
  using described_by = Op;
  using resumed_by_loop = void;
  explicit operation(Op op) noexcept : op_(std::move(op)) {}
  /// Makes the operation in place, from the members of Op in order.
  template <class... Members>
  explicit operation(std::in_place_type_t<Op>,
                     Members&&... members) noexcept(noexcept(Op{std::declval<Members>()...}))
      : op_{std::forward<Members>(members)...} {}
  operation(operation&& other) noexcept : op_(std::move(other.op_)) {
    CAROUSEL_ASSERT(other.at == inert(), "an operation cannot be moved once it has been awaited");
    other.at = over();
  }
  operation& operator=(operation&&) = delete;
  ~operation() {
    if (at != inert() && at != over()) [[unlikely]]
      abandon();
  }

  /// What the driver sees of it: a stream ends its own that way.
  [[nodiscard]] operation_base& seen_by_driver() noexcept { return *this; }

  static constexpr bool await_ready() noexcept { return false; }

  [[gnu::always_inline]] bool await_suspend(std::coroutine_handle<> h) {
    context& here = this_context();
    CAROUSEL_ASSERT(at == inert(), "an operation is awaited once, and not after it was moved from");
    driver& io = *here.io;
    io_ = &io;
    failure_code why = op_.check(io);
    if (!begins_when_free && why == 0 && here.stopped()) why = failure(errc::canceled);
    if (why != 0) [[unlikely]]
      return fail_at_once(here, why, h);
    if constexpr (begins_inline) {
      const bool nobody_waits = io.stands_still() && here.nobody_is_ready();
      if (op_.may_attempt(nobody_waits)) {
        failed = op_.attempt(io);
        if (failed != ext::not_attempted) {
          at = has_result();
          return leave_a_part_of_the_turn(here, h);
        }
      }
    }
    detail::suspend(here, *this, *this, h, wait_kind::operation, &stop_this);
    if constexpr (begins_when_free) {
      if (op_.must_wait(*this)) {
        wait_for_slot();
        this->wait_elsewhere();
        if (here.stopped()) stop_this(*this);
        return true;
      }
    }
    if (!io.can_start()) [[unlikely]] {
      stand_in_line();
      return true;
    }
    try {
      start(io);
    } catch (...) {  // no memory
      at = no_slot();
      throw;
    }
    return true;
  }

  [[nodiscard]] output await_resume() {
    slot* const mine = std::exchange(at, over());
    if (reinterpret_cast<std::uintptr_t>(mine) <= last_of_no_slots) [[unlikely]] {
      if constexpr (begins_inline) {
        if (mine == has_result()) return op_.complete_attempt(failed, op_.held);
      }
      return end_without_slot(mine);
    }
    struct finish {
      operation& self;
      slot& s;
      ~finish() {
        if constexpr (holds_a_file) {
          if (self.op_.file) self.op_.file->end_operation();
        }
        give_back(*self.io_, s);
      }
    } const at_exit{*this, *mine};
    unlend();
    return op_.complete(mine->res, op_.held, *mine);
  }

 private:
  friend struct chain_access;
  static constexpr bool begins_when_free = std::same_as<typename Op::begins, ext::begins_when_free>;
  static constexpr bool begins_inline = std::same_as<typename Op::begins, ext::begins_inline>;
  static constexpr bool completes_early =
      std::same_as<typename Op::completions, ext::result_before_release>;
  static constexpr bool repeats = std::same_as<typename Op::completions, ext::repeated_until_done>;
  static constexpr bool holds_a_connection =
      std::same_as<typename Op::holds, ext::holds_a_connection>;
  static constexpr bool holds_a_file =
      holds_a_connection || std::same_as<typename Op::holds, ext::holds_a_file>;
  static constexpr bool in_slot = slot::has_room_for<resources>;
  static constexpr int inline_cost = 4;
  static constexpr bool lends_memory = !std::same_as<lends, ext::lends_nothing>;
  static void stop_this(scope_link& link) noexcept {
    auto& self = static_cast<operation&>(link);
    if constexpr (begins_when_free) {
      if (!self.op_.stop_waiting(self)) return;
      self.unlink();
      self.failed = failure(errc::canceled);
      this_context().ready.push_back(self);
    } else {
      self.request_stop();
    }
  }
  [[gnu::noinline]] bool fail_at_once(context& here, failure_code why, std::coroutine_handle<> h) {
    failed = why;
    at = no_slot();
    return give_way(here, *this, *this, h);
  }
  [[gnu::noinline]] output end_without_slot(const slot* which) {
    if constexpr (completes_early) {
      if (which == has_result()) return op_.complete_early(failed, op_.held);
    }
    return op_.fail(to_error(failed), std::move(op_.held));
  }
  /// What takes the thread's time itself leaves less of the turn to others.
  [[gnu::noinline]] bool leave_a_part_of_the_turn(context& here, std::coroutine_handle<> h) {
    here.inline_budget -= inline_cost + (std::max(failed, 0) >> 10);
    return give_way(here, *this, *this, h);
  }
  [[gnu::noinline]] void stand_in_line() {
    wait_for_slot();
    this->wait_to_start();
  }
  void wait_for_slot() noexcept {
    at = no_slot();
    failed = 0;
    slots_wanted = 1;
    begin = [](operation_base& self, driver& io) { static_cast<operation&>(self).start_late(io); };
  }
  /// After standing in line: what held at the await may not hold any more.
  void start_late(driver& io) {
    failed = op_.check(io);
    if (failed == 0) {
      start(io);
    } else {
      this_context().ready.push_back(*this);
    }
  }
  /// All of its start that may throw.
  [[gnu::always_inline]] void prepare(driver& io, slot& s, request& r) {
    if constexpr (!in_slot) s.block = nullptr;
    op_.encode(io, s, r);
    if constexpr (!in_slot) s.block = recycler::allocate(sizeof(resources));
  }
  static void give_back_block(slot& s) noexcept {
    if constexpr (!in_slot) {
      if (s.block != nullptr)
        recycler::deallocate(std::exchange(s.block, nullptr), sizeof(resources));
    }
  }
  static void give_back(driver& io, slot& s) noexcept {
    give_back_block(s);
    io.release(s);
  }
  [[gnu::always_inline]] void start(driver& io) {
    slot& s = io.take();
    request& r = io.next_request();
    try {
      prepare(io, s, r);
    } catch (...) {  // no memory for a block
      give_back(io, s);
      throw;
    }
    if constexpr (holds_a_file) {
      if (op_.file) [[likely]]
        ++op_.file->started;
    }
    lend();
    at = &s;
    io.submit(s, *this, kind, r);
    if constexpr (repeats) s.notes = may_repeat;
  }
  /// After an answer that was a part: as if it had been awaited just now, but for a request to
  /// stop, which does not come here.
  void start_again(slot& s) noexcept {
    driver& io = *io_;
    if constexpr (holds_a_file) {
      if (op_.file) op_.file->end_operation();
    }
    give_back(io, s);
    wait_for_slot();
    if (!io.can_start()) return this->wait_to_start();
    try {
      start_late(io);
    } catch (...) {  // no memory
      at = no_slot();
      failed = failure(std::errc::not_enough_memory);
      this_context().ready.push_back(*this);
    }
  }

  void lend() const noexcept {
    if constexpr (lends_memory) {
      if (memory_is_poisoned) [[unlikely]]
        lends::lend(op_.held);
    }
  }
  void unlend() const noexcept {
    if constexpr (lends_memory) {
      if (memory_is_poisoned) [[unlikely]]
        lends::unlend(op_.held);
    }
  }

  [[nodiscard]] static operation& waiting_at(const slot& s) noexcept {
    return static_cast<operation&>(*s.awaiter);
  }
  [[nodiscard]] static constexpr operation_kind make_kind() noexcept {
    operation_kind k{};
    k.take_over = [](slot& s) noexcept {
      operation& self = waiting_at(s);
      if constexpr (holds_a_connection) s.asked = static_cast<std::uint32_t>(self.op_.asked());
      std::construct_at(&s.template resources<resources>(), std::move(self.op_.held));
      if constexpr (holds_a_file) s.file = self.op_.file.release();
    };
    k.dispose = [](slot& dead) noexcept {
      auto& back = dead.template resources<resources>();
      if constexpr (lends_memory) lends::unlend(back);
      unclaimed::discard(dead.res, back);
      std::destroy_at(&back);
      give_back_block(dead);
    };
    k.discard_item = [](slot& s, std::int32_t res) noexcept {
      unclaimed::discard(
          res, s.awaiter != nullptr ? waiting_at(s).op_.held : s.template resources<resources>());
    };
    if constexpr (std::same_as<typename Op::completions, ext::many_completions>) {
      k.item = [](slot& s, std::int32_t res, std::uint32_t flags) noexcept {
        waiting_at(s).op_.item(res, flags);
      };
    }
    if constexpr (repeats) {
      k.repeat = [](slot& s) noexcept {
        operation& self = waiting_at(s);
        self.unlend();  // what came is the operation's to look at
        const bool again = self.op_.repeat(s.res);
        if (again)
          self.start_again(s);
        else
          self.lend();
        return again;
      };
    }
    if constexpr (completes_early) {
      k.part = [](slot& s, std::int32_t res) noexcept {
        operation& self = waiting_at(s);
        std::construct_at(&s.template resources<resources>(), std::as_const(self.op_.held));
        if constexpr (holds_a_connection) {
          if (self.op_.file) Op::break_seen(*self.op_.file.get(), self.op_.asked(), res);
        }
        if constexpr (holds_a_file) {
          if (self.op_.file) self.op_.file->end_operation();
        }
        self.failed = res;
        self.at = has_result();
      };
    }
    k.file_of = [](const slot& s) noexcept -> const descriptor* {
      if constexpr (holds_a_file) return waiting_at(s).op_.file.get();
      return nullptr;
    };
    k.other_file_of = [](const slot& s) noexcept { return other_file(waiting_at(s).op_.held); };
    if constexpr (holds_a_connection) {
      k.tell_file = [](const slot& s, std::int32_t res) noexcept {
        if (s.file != nullptr) Op::break_seen(*s.file, s.asked, res);
      };
    }
    if constexpr (lends_memory) {
      k.describe = [](const slot& s, std::FILE* out) {
        lends::describe(s.template resources<resources>(), out);
      };
      k.quarantine = [](slot& s) noexcept { lends::quarantine(s.template resources<resources>()); };
    }
    return k;
  }
  static constexpr operation_kind kind = make_kind();

  Op op_;
};

/// A base for operations of a file: it has the member, checks and names it, and answers nothing for
/// them.
struct file_operation {
  fd_ref file;

  [[nodiscard]] failure_code check_file(const driver& io) const noexcept {
    CAROUSEL_ASSERT(file, "this file, directory or socket was moved from or closed");
    return file->refusal(io.files());
  }
  /// Names the file in the request.
  void name_file(driver& io, request& r) const noexcept { io.files().name(r, *file.get()); }
};

/// The resources of an operation that has none.
struct nothing {};

}  // namespace carousel::detail
