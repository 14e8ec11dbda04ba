#pragma once

#include <cerrno>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "carousel/detail/driver/chain.hpp"

namespace carousel::detail {

/// One of the library's operations, or of a user's own, and not a task or a verb.
template <class A>
concept is_operation =
    requires { typename A::described_by; } && std::same_as<A, operation<typename A::described_by>>;

template <class A>
using described_by = typename A::described_by;
template <class A>
using output_of = typename described_by<A>::output;

/// Beside the last, each member says when what is linked to it starts.
enum class chain_place : std::uint8_t { before_others, last };

/// What is left of a member that has ended, until its chain has: its slot is for others, so that a
/// chain that stands in line for the next one holds none meanwhile.
struct ended_member {
  std::byte* side = nullptr;
  std::int32_t res = 0;
  slot_state state = slot_state::free;  ///< free: it has not ended, or its result was taken
  std::uint8_t side_class = 0;
};

/// An error that does not come from a cancel, or from a chain of which the kernel took a part.
[[nodiscard]] inline bool has_own_error(const ended_member& left) noexcept {
  return left.res < 0 && !never_ran(left.res) && left.res != -ENOMEM;
}

/// What a chain does with a member in place of the await.
struct chain_access {
  /// Why the chain must not begin, as far as this member knows.
  template <class Op>
  [[nodiscard]] static failure_code refusal(const operation<Op>& member, const driver& io,
                                            chain_place where) noexcept {
    if constexpr (ext::linking_when_whole<Op>) {
      // One request of the kernel does not ask for more.
      if (where == chain_place::before_others && member.op_.bytes_wanted() > transfer_bytes_max)
        return failure(std::errc::invalid_argument);
    }
    return member.op_.check(io);
  }
  /// Throws what encode() throws, and std::bad_alloc.
  template <class Op>
  static void encode(operation<Op>& member, driver& io, slot& s, request& r) {
    member.prepare(io, s, r);
  }
  /// One of them was encoded in vain.
  template <class Op>
  static void give_back_block(const operation<Op>&, slot& s) noexcept {
    operation<Op>::give_back_block(s);
  }
  template <class Op>
  static void submit(operation<Op>& member, driver& io, slot& s, const request& encoded) noexcept {
    if constexpr (operation<Op>::holds_a_file) {
      if (member.op_.file) ++member.op_.file->started;
    }
    member.lend();
    member.io_ = &io;
    member.at = &s;
    request& r = io.next_request();
    r = encoded;
    io.submit(s, member, operation<Op>::kind, r);
  }
  template <class Op>
  static void request_stop(operation<Op>& member) noexcept {
    member.request_stop();
  }
  /// Where it has ended, while others of its chain go on: nobody who closes its files, or wants a
  /// slot, waits for it.
  template <class Op>
  static void let_go(operation<Op>& member, ended_member& left) noexcept {
    if (!member.has_slot() || !has_ended(*member.at)) return;
    slot& s = *std::exchange(member.at, operation_base::has_result());
    left = {std::exchange(s.side, nullptr), s.res, s.state, s.side_class};
    member.unlend();
    operation<Op>::give_back(*member.io_, s);
    if constexpr (operation<Op>::holds_a_file) {
      if (member.op_.file) member.op_.file->end_operation();
    }
    end_use_of_other_file(member.op_.held);
  }
  /// It has ended, and lets the next one start.
  template <class Op>
  [[nodiscard]] static bool is_whole(const operation<Op>& member,
                                     const ended_member& left) noexcept {
    if constexpr (ext::linking_when_whole<Op>) {
      return left.res >= 0 && static_cast<std::size_t>(left.res) == member.op_.bytes_wanted();
    } else {
      return left.res >= 0;
    }
  }
  /// `begun`: the one before it has let it start.
  template <class Op>
  [[nodiscard]] static typename Op::output finish(operation<Op>& member, ended_member& left,
                                                  bool begun) noexcept {
    member.at = operation_base::over();
    const bool is_broken = !begun && left.res == unasked_cancel;
    stand_in s(*member.io_, std::exchange(left, {}));
    return member.op_.complete(is_broken ? broken_chain : s.of_it.res, member.op_.held, s.of_it);
  }
  /// The chain goes, perhaps later than its driver, and nobody takes what this one has brought.
  template <class Op>
  static void discard(operation<Op>& member, ended_member& left) noexcept {
    if (left.state == slot_state::free) return;
    const std::int32_t res = left.state == slot_state::withdrawn ? -ECANCELED : left.res;
    if constexpr (operation<Op>::holds_a_connection) {
      if (member.op_.file) Op::break_seen(*member.op_.file.get(), member.op_.asked(), res);
    }
    Op::unclaimed::discard(res, member.op_.held);
    side_blocks::free(left.side);
  }
  template <class Op>
  [[nodiscard]] static typename Op::output fail(operation<Op>& member, failure_code why) noexcept {
    return member.op_.fail(to_error(why), std::move(member.op_.held));
  }

 private:
  /// For the slot that it had, where its result is taken.
  struct stand_in {
    driver& io;
    slot of_it;

    stand_in(driver& of, const ended_member& left) noexcept : io(of) {
      of_it.side = left.side;
      of_it.side_class = left.side_class;
      of_it.res = left.res;
      of_it.state = left.state;
    }
    stand_in(const stand_in&) = delete;
    stand_in& operator=(const stand_in&) = delete;
    ~stand_in() { io.release_side(of_it); }
  };
};

}  // namespace carousel::detail
