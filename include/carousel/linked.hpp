#pragma once

#include "carousel/config.hpp"

#include <algorithm>
#include <array>
#include <coroutine>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include "carousel/detail/driver/chain_member.hpp"

namespace carousel {

template <class... Ops>
class linked_operation;

/// A chain: each operation starts when the one before it has wholly succeeded, and not before.
/// `auto [written, synced] = co_await linked(f.write_at(std::move(record), end), f.sync_data())` is
/// one return to the task for both and, outside of every verb, one submission. Results are in the
/// order of the arguments, each what the operation gives alone, with its buffer.
///
/// What is short breaks the chain as an error does: a read at the end of the file, a write that
/// moved fewer bytes than its buffer has. Nothing behind it is started, and each of those gives
/// errc::chain_broken, with its buffer as it was; what went before stands, and nothing is undone.
/// So a chain has happened up to some member, and that one's result says how far it came. A member
/// that is refused before the first one starts (misaligned, not_registered, bad_file_descriptor, an
/// empty name) leaves all of them unstarted. Errors moreover, of a member: invalid_argument, one
/// with others behind it that would move more than one request can, 2,147,479,552 bytes or 1,024
/// buffers; of those that have not begun, or the first of them: not_enough_memory, for which there
/// is none; of all: argument_list_too_long, more members than the ring has entries
/// (runtime_options::entries). The await throws std::bad_alloc where there is no memory to begin
/// with; nothing else is thrown.
///
/// Members are operations, as read_at(), write_fixed_at() or write() of a socket return them, and
/// not tasks, as write_all_at() is one. Reads and writes of files, writes and datagrams of sockets,
/// splice_bytes() and tee_bytes() may have others behind them. Every other operation may only be
/// the last one: the kernel starts what is linked to a receive that is short, and to a sync, a
/// rename or an allocation that has failed (Linux 6.18). So write and sync are a chain; write, sync
/// and rename are not. close(), futex_wait(), futex_wake() and what completes more than once may
/// not be a member at all. Two members that use one open file at its current position are safe one
/// behind the other.
///
/// Who links them depends on whether a verb that may ask for a stop is around the await (timeout(),
/// stop_on(), when_any(), when_all()). Where none is, the kernel does. All members go to it
/// together, never in two submissions: they stand in line until the submission queue has room and
/// the runtime slots for each, before all who came later, also where these need less. Where a verb
/// is, the runtime does, and each member goes to the kernel when the one before it has ended: Linux
/// (6.18) does not find a linked request that has not begun, and does not interrupt a write to a
/// file, so that a chain of them would go on to its end after a stop. That costs one turn of the
/// loop for each member; a file that is closed, or a pool that is unregistered, meanwhile is the
/// error of the member that begins then. abandon_after() is no such verb: it asks for no stop, and
/// what it leaves behind of a chain goes on as if the awaiting coroutine had been destroyed.
///
/// After a request to stop no member begins that has not begun: these end as canceled (timed_out in
/// a timeout()), also behind one that was short or failed, as does the one that runs where the
/// kernel can end it, and no result of the others is lost. When the awaiting coroutine is destroyed
/// each buffer goes home when the kernel has done with that member; inside of a verb none begins
/// after that, but what the kernel has linked goes on to its end where it cannot be interrupted.
/// close() of a file waits for the members on it that have begun or are in the kernel's hands, and
/// not for others. close() of a socket stops them, and in a chain that the kernel has linked what
/// runs before them, on whatever file: that one ends as canceled, or with what it has done, and
/// members on other files that do not start then give chain_broken. Where the kernel cannot
/// interrupt it (a write to a file), the close waits for it. There is no time limit of the kernel's
/// own for a member: timeout() around the chain ends what that would end, and loses no result
/// either.
template <class... Ops>
linked_operation<Ops...> linked(Ops... ops) noexcept;

namespace detail {

/// Says in one sentence each what cannot be linked.
template <class... Ops>
consteval bool can_be_linked() {
  static_assert(sizeof...(Ops) > 1, "a chain has two members or more: co_await the one operation");
  constexpr bool operations = (is_operation<Ops> && ...);
  static_assert(operations,
                "a chain links operations of the kernel, as read_at() or sync_all() return them; a "
                "task (write_all_at() is one) or a verb is more than one: await them one by one");
  if constexpr (operations) {
    constexpr bool once =
        (std::same_as<typename described_by<Ops>::completions, ext::one_completion> && ...);
    static_assert(once, "what completes more than once cannot be a member of a chain");
    constexpr bool joins = (!ext::linking_never<described_by<Ops>> && ...);
    static_assert(
        joins,
        "futex_wait() and futex_wake() cannot be members of a chain: the word may be gone "
        "when a wait behind others begins, and a wake that is awaited must not be lost; "
        "await them behind the chain");
    constexpr bool at_once =
        ((!std::same_as<typename described_by<Ops>::begins, ext::begins_when_free> ||
          ext::linking_never<described_by<Ops>>) &&
         ...);
    static_assert(at_once,
                  "close() cannot be a member of a chain: it waits for the operations on its file, "
                  "and those of the chain may be among them; close after the chain");
    constexpr std::array leads = {ext::leading_a_link<described_by<Ops>>...};
    constexpr bool lead = [&] {
      for (std::size_t i = 0; i + 1 < leads.size(); ++i)
        if (!leads[i]) return false;
      return true;
    }();
    static_assert(lead,
                  "the kernel starts what is linked to this operation whatever becomes of it: only "
                  "reads and writes of files, writes of sockets and splices can have others behind "
                  "them; make it the last of its chain");
    static_assert((noexcept(std::declval<described_by<Ops>&>().complete(
                       0, std::declval<described_by<Ops>&>().held, std::declval<slot&>())) &&
                   ...),
                  "completing this operation may throw, and the results of the others would be "
                  "lost: await it alone");
    static_assert((std::is_nothrow_move_constructible_v<output_of<Ops>> && ...),
                  "moving the result of this operation may throw, and the others would be lost");
  }
  return true;
}

}  // namespace detail

/// What linked() returns; awaited once.
template <class... Ops>
class [[nodiscard("a chain does nothing until it is awaited: write co_await")]] linked_operation
    : detail::chain {
  static_assert(detail::can_be_linked<Ops...>());
  static constexpr std::size_t size = sizeof...(Ops);
  static constexpr auto indices = std::index_sequence_for<Ops...>();
  using access = detail::chain_access;

 public:
  using resumed_by_loop = void;
  using results = std::tuple<detail::output_of<Ops>...>;

  explicit linked_operation(Ops&&... ops) noexcept : members_(std::move(ops)...) {}
  linked_operation(linked_operation&&) noexcept = default;
  linked_operation& operator=(linked_operation&&) = delete;
  /// The report of what is stuck names the coroutine that has awaited it.
  ~linked_operation() {
    for_each_begun([this](auto& member, detail::ended_member& left) {
      member.seen_by_driver().handle = handle;
      access::discard(member, left);
    });
  }

  static constexpr bool await_ready() noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> h) {
    detail::context& here = detail::this_context();
    CAROUSEL_ASSERT(at == inert(), "an operation is awaited once, and not after it was moved from");
    io_ = here.io;
    auto [member, why] = refusal(*io_);
    if (why == 0 && here.stopped()) why = detail::failure(errc::canceled);
    if (why != 0) return refuse_at_once(here, member, why, h);
    wait(here, these, h);
    if (io_->can_start(slots_wanted)) {
      start(*io_);
    } else {
      stand_in_line();
    }
    return true;
  }
  /// std::tuple of what each operation gives.
  [[nodiscard]] results await_resume() noexcept {
    note_over();
    return finish(indices);
  }

 private:
  struct refused_member {
    std::size_t member;
    detail::failure_code why;
  };

  /// Calls f(member, what is left of it) for those that have begun.
  template <class F>
  void for_each_begun(F f) {
    std::size_t i = 0;
    const auto call = [&](auto& member) {
      if (i < begun()) f(member, left_[i]);
      ++i;
    };
    std::apply([&](Ops&... members) { (call(members), ...); }, members_);
  }

  [[nodiscard]] refused_member refusal(const detail::driver& io) const noexcept {
    if (!io.could_start(size))
      return {all_members, detail::failure(std::errc::argument_list_too_long)};
    return refusal_of_one(io, indices);
  }
  /// Of those that begin now; before the first one does, of all.
  template <std::size_t... I>
  [[nodiscard]] refused_member refusal_of_one(const detail::driver& io,
                                              std::index_sequence<I...>) const noexcept {
    refused_member first{all_members, 0};
    const auto ask = [&](std::size_t member, detail::failure_code why) {
      if (first.why == 0 && why != 0) first = {member, why};
    };
    const auto is_meant = [&](std::size_t member) { return begun() == 0 || member == begun(); };
    ((is_meant(I) ? ask(I, access::refusal(std::get<I>(members_), io,
                                           I + 1 < size ? detail::chain_place::before_others
                                                        : detail::chain_place::last))
                  : void()),
     ...);
    return first;
  }

  /// Asks them again: a file may have been closed, or a pool unregistered, since the await.
  static bool start_next(detail::chain& all, detail::driver& io) {
    auto& self = static_cast<linked_operation&>(all);
    const auto [member, why] = self.refusal(io);
    if (why != 0) {
      self.note_refused(member, why);
      return false;
    }
    self.start(io);
    return true;
  }
  void start(detail::driver& io) { start(io, indices); }
  /// So many as slots_wanted says, or none: what may throw is before the first one is queued.
  template <std::size_t... I>
  void start(detail::driver& io, std::index_sequence<I...>) {
    const auto is_meant = [first = begun(), end = begun() + slots_wanted](std::size_t member) {
      return first <= member && member < end;
    };
    std::array<detail::slot*, size> slots{};
    std::array<detail::request, size> requests;
    try {
      ((is_meant(I) ? (slots[I] = &io.take(),
                       access::encode(std::get<I>(members_), io, *slots[I], requests[I]))
                    : void()),
       ...);
    } catch (...) {  // no memory
      ((slots[I] != nullptr ? access::give_back_block(std::get<I>(members_), *slots[I]) : void()),
       ...);
      for (std::size_t i = size; i-- > 0;) {
        if (slots[i] != nullptr) io.release(*slots[i]);
      }
      throw;
    }
    if (linked_by_kernel()) {
      for (std::size_t i = 0; i + 1 < size; ++i) requests[i].sqe_flags |= detail::sqe_io_link;
    }
    ((is_meant(I) ? (suspend_member(std::get<I>(members_).seen_by_driver()),
                     access::submit(std::get<I>(members_), io, *slots[I], requests[I]))
                  : void()),
     ...);
    note_begun(slots_wanted);
  }

  static void stop_begun(detail::chain& all) noexcept {
    static_cast<linked_operation&>(all).for_each_begun(
        [](auto& member, detail::ended_member&) { access::request_stop(member); });
  }
  static void let_go_of_ended(detail::chain& all) noexcept {
    static_cast<linked_operation&>(all).for_each_begun(
        [](auto& member, detail::ended_member& left) { access::let_go(member, left); });
  }
  static bool last_is_whole(const detail::chain& all) noexcept {
    const auto& self = static_cast<const linked_operation&>(all);
    return self.whole(indices)[self.begun() - 1];
  }

  template <std::size_t... I>
  [[nodiscard]] std::array<bool, size> whole(std::index_sequence<I...>) const noexcept {
    return {(I < begun() && access::is_whole(std::get<I>(members_), left_[I]))...};
  }
  template <std::size_t... I>
  [[nodiscard]] results finish(std::index_sequence<I...>) noexcept {
    const std::array<bool, size> is_whole = whole(indices);
    // Where the kernel refuses one as it takes the chain it starts none, the first neither.
    const bool is_taken =
        !linked_by_kernel() || std::none_of(left_.begin() + 1, left_.end(), detail::has_own_error);
    const auto was_let_in = [&](std::size_t member) {
      return member == 0 ? is_taken : is_whole[member - 1];
    };
    return results{(I < begun() ? access::finish(std::get<I>(members_), left_[I], was_let_in(I))
                                : access::fail(std::get<I>(members_), why_not_begun(I)))...};
  }

  static constexpr members_of these = {.count = size,
                                       .start_next = &start_next,
                                       .request_stop = &stop_begun,
                                       .let_go_of_ended = &let_go_of_ended,
                                       .last_is_whole = &last_is_whole};

  std::tuple<Ops...> members_;
  std::array<detail::ended_member, size> left_{};
};

template <class... Ops>
linked_operation<Ops...> linked(Ops... ops) noexcept {
  return linked_operation<Ops...>(std::move(ops)...);
}

}  // namespace carousel
