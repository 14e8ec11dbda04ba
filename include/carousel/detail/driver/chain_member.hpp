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
  /// Throws what encode() throws.
  template <class Op>
  static void encode(operation<Op>& member, driver& io, slot& s, request& r) {
    member.op_.encode(io, s, r);
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
  /// Where it has ended, while others of its chain go on: nobody who closes its files waits for it.
  template <class Op>
  static void release_files(operation<Op>& member) noexcept {
    slot& s = *member.at;
    if (!has_ended(s) || (s.notes & files_released) != 0) return;
    s.notes |= files_released;
    if constexpr (operation<Op>::holds_a_file) {
      if (member.op_.file) member.op_.file->end_operation();
    }
    end_use_of_other_file(member.op_.held);
  }
  /// Its last completion has come, and lets the next one start.
  template <class Op>
  [[nodiscard]] static bool is_whole(const operation<Op>& member) noexcept {
    const std::int32_t res = member.at->res;
    if constexpr (ext::linking_when_whole<Op>) {
      return res >= 0 && static_cast<std::size_t>(res) == member.op_.bytes_wanted();
    } else {
      return res >= 0;
    }
  }
  /// An error that does not come from a cancel, or from a chain of which the kernel took a part.
  template <class Op>
  [[nodiscard]] static bool has_own_error(const operation<Op>& member) noexcept {
    return member.at->res < 0 && !never_ran(member.at->res) && member.at->res != -ENOMEM;
  }
  /// `begun`: the one before it has let it start.
  template <class Op>
  [[nodiscard]] static typename Op::output finish(operation<Op>& member, bool begun) noexcept {
    slot& s = *member.at;
    if (!begun && s.res == unasked_cancel) s.res = broken_chain;
    // await_resume() releases them, as it does those of an operation of its own.
    if ((std::exchange(s.notes, std::uint8_t{0}) & files_released) != 0) {
      if constexpr (operation<Op>::holds_a_file) {
        if (member.op_.file) ++member.op_.file->started;
      }
    }
    return member.await_resume();
  }
  template <class Op>
  [[nodiscard]] static typename Op::output fail(operation<Op>& member, failure_code why) noexcept {
    return member.op_.fail(to_error(why), std::move(member.op_.held));
  }
};

}  // namespace carousel::detail
