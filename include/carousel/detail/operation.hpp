#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "carousel/detail/driver.hpp"
#include "carousel/detail/poison.hpp"

namespace carousel::detail {

/// The part of an awaiter that the driver sees.
struct operation_base : waiter {
  driver* io = nullptr;  ///< set when it is awaited; moved_from() when it must not be any more
  slot* at =
      nullptr;  ///< where it is under way; no_slot() while it is suspended without; else null
  // While it has no slot.
  failure_code failed;  ///< why it never started
  void (*begin)(operation_base&, driver&);

  // One test is all that an operation which went well pays here: what is not initialised is not looked at before the start.
  operation_base() noexcept {}  // NOLINT(modernize-use-equals-default)
  ~operation_base() {
    if (at != nullptr) [[unlikely]]
      abandon();
  }
  /// Addresses that no driver and no slot has.
  [[nodiscard]] static driver* moved_from() noexcept { return reinterpret_cast<driver*>(1); }
  [[nodiscard]] static slot* no_slot() noexcept { return reinterpret_cast<slot*>(1); }

 private:
  void abandon() noexcept;
};

/// One operation: inert until awaited, then its resources live in a slot of the driver and this object holds only the way
/// back to them. `Op` supplies three paragraphs:
///
///   resources  what the kernel borrows (nothrow-movable), member `held`; and member `file`, if it has one
///   check()    misuse, named before the kernel sees it; encode(): fills the empty request that the kernel gets
///   complete() what a result means, with the resources back; fail(): the same when it never started;
///              discard(): what to do with a result that nobody claims; never_ran() tells whether there is one
///
/// and where they apply
///
///   lent       a lent_memory of the resources: what the detectors and the quarantine do with it
///   item()     takes a completion that announces another one, while somebody waits
///   runs_on    true for what a request to stop does not concern: closing
template <class Op>
class [[nodiscard]] operation : scope_link, operation_base {
  using resources = typename Op::resources;
  using output = typename Op::output;
  static_assert(
      sizeof(resources) <= slot::payload_bytes,
      "this buffer type is too large to live in an operation: hold it by std::unique_ptr");
  static_assert(std::is_nothrow_move_constructible_v<resources>);

 public:
  explicit operation(Op op) noexcept : op_(std::move(op)) {}
  /// Makes the operation in place, from the members of Op in order.
  template <class... Members>
  explicit operation(std::in_place_type_t<Op>, Members&&... members) noexcept
      : op_{std::forward<Members>(members)...} {}
  operation(operation&& other) noexcept : op_(std::move(other.op_)) {
    CAROUSEL_ASSERT(other.io == nullptr, "an operation cannot be moved once it has been awaited");
    other.io = moved_from();
  }
  operation& operator=(operation&&) = delete;
  ~operation() = default;

  static constexpr bool await_ready() noexcept { return false; }

  bool await_suspend(std::coroutine_handle<> h) {
    context& here = this_context();
    CAROUSEL_ASSERT(io == nullptr, "an operation is awaited once, and not after it was moved from");
    io = here.io;
    failure_code why = op_.check(*io);
    if (stoppable && why == 0 && here.stopped()) why = failure(errc::canceled);
    if (why != 0) [[unlikely]] {
      failed = why;
      if (!give_way(here, *this, *this, h)) return false;
      at = no_slot();
      return true;
    }
    detail::suspend(here, *this, *this, h, wait_kind::operation, &stop_this);
    if (io->can_start()) [[likely]] {
      try {
        start(*io);
      } catch (...) {  // no memory
        at = no_slot();
        throw;
      }
    } else {
      at = no_slot();
      failed = 0;
      begin = [](operation_base& self, driver& driver) {
        static_cast<operation&>(self).start_late(driver);
      };
      io->wait_to_start(*this);
    }
    return true;
  }

  output await_resume() {
    slot* const mine = std::exchange(at, nullptr);
    if (mine == nullptr || mine == no_slot()) [[unlikely]]
      return op_.fail(to_error(failed), std::move(op_.held));
    struct finish {
      driver& io;
      slot& s;
      ~finish() { io.release(s); }
    } at_exit{*io, *mine};
    slot& s = at_exit.s;
    if constexpr (lends && memory_is_poisoned) Op::lent::unlend(s);
    resources back = std::move(s.template resources<resources>());
    std::destroy_at(&s.template resources<resources>());
    return op_.complete(s.res, back, s);
  }

 private:
  static constexpr bool stoppable = !requires { Op::runs_on; };
  static void stop_this(scope_link& link) noexcept {
    if constexpr (stoppable) {
      auto& self = static_cast<operation&>(link);
      self.io->request_stop(self, this_context().ready);
    }
  }
  /// After standing in line: what held at the await may not hold any more.
  void start_late(driver& driver) {
    failed = op_.check(driver);
    if (failed == 0) {
      start(driver);
    } else {
      this_context().ready.push_back(*this);
    }
  }
  void start(driver& io) {
    slot& s = io.take();
    request& r = io.next_request();
    try {
      op_.encode(io, s, r);
    } catch (...) {  // no memory for a side block
      io.release(s);
      throw;
    }
    std::construct_at(&s.template resources<resources>(), std::move(op_.held));
    if (descriptor* file = op_.take_file(); file != nullptr) {
      ++file->started;
      s.file = file;
      if constexpr (Op::plain_descriptor) {
        r.fd = file->fd;
      } else {
        io.files().aim(r, *file);
      }
    }
    s.kind = &kind;
    if constexpr (lends && memory_is_poisoned) Op::lent::lend(s);
    s.awaiter = this;
    at = &s;
    io.submit(s, r);
  }

  static constexpr bool lends = requires { typename Op::lent; };
  [[nodiscard]] static constexpr operation_kind make_kind() noexcept {
    operation_kind k{};
    k.dispose = [](slot& dead) noexcept {
      if constexpr (lends && memory_is_poisoned) Op::lent::unlend(dead);
      Op::discard(dead.res, dead.template resources<resources>());
      std::destroy_at(&dead.template resources<resources>());
    };
    k.discard_item = [](slot& s, std::int32_t res) noexcept {
      Op::discard(res, s.template resources<resources>());
    };
    if constexpr (requires { &Op::item; }) k.item = &Op::item;
    if constexpr (requires { &Op::describe; }) k.describe = &Op::describe;
    if constexpr (lends) {
      k.describe = &Op::lent::describe;
      k.quarantine = &Op::lent::quarantine;
    }
    return k;
  }
  static constexpr operation_kind kind = make_kind();

  Op op_;
};

/// What most operations of a file share.
struct file_operation {
  fd_ref file;

  [[nodiscard]] descriptor* take_file() noexcept { return file.release(); }
  [[nodiscard]] failure_code check_file() const noexcept {
    CAROUSEL_ASSERT(file, "this file or directory was moved from or closed");
    return file->closed ? failure(std::errc::bad_file_descriptor) : 0;
  }
  /// Opcodes that refuse an index of the file table say true.
  static constexpr bool plain_descriptor = false;
  template <class R>
  static void discard(std::int32_t, R&) noexcept {}
};

/// An operation that lends the kernel no buffer.
struct nothing {};

}  // namespace carousel::detail
