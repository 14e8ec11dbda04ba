#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <system_error>
#include <type_traits>
#include <utility>

#include "carousel/detail/base/request.hpp"
#include "carousel/result.hpp"

namespace carousel::detail {
class driver;
class fd_ref;
struct descriptor;
struct operation_base;
struct slot;
}  // namespace carousel::detail

/// What an operation type says about itself (carousel/ext/operation.hpp). Each answer is named: a
/// hook that is left out or misspelt does not compile, instead of turning off what depends on it.
namespace carousel::ext {

/// `lends`: its resources are no memory that the kernel reads or writes.
struct lends_nothing {};
/// `unclaimed`: a result that nobody waits for any more needs no care.
struct result_owns_nothing {
  template <class R>
  static void discard(std::int32_t, R&) noexcept {}
};
/// `completions`: the kernel answers once.
struct one_completion {};
/// `completions`: the kernel announces more (multishot); item() takes all but the last, while
/// somebody waits.
struct many_completions {};
/// `completions`: the kernel answers with the result, and where it says so it uses the memory until
/// it answers once more (zero-copy sends). complete_early() gives the output then; the resources,
/// copies of which share what the kernel uses, are discarded with the last answer.
struct result_before_release {};
/// `completions`: the kernel answers once, and repeat(), which hears the answer, may take it for a
/// part: then the operation is asked for again, as encode() says it now, before anybody goes on.
/// After a request to stop the answer is the last one.
struct repeated_until_done {};
/// `begins`: it starts when it is awaited, and a request to stop cancels it.
struct begins_at_once {};
/// `begins`: must_wait() tells whether something must be waited for, stop_waiting() that it shall
/// not be any more. A request to stop ends that waiting; what has begun goes on.
struct begins_when_free {};
/// `begins`: as begins_at_once, but where may_attempt() allows it attempt() may do it without the
/// ring.
struct begins_inline {};
/// An answer of attempt(): the ring shall do it.
inline constexpr std::int32_t not_attempted = INT32_MIN;
/// `holds`: there is no file that it must keep open.
struct holds_no_file {};
/// `holds`: the member `file`, which may be empty, is kept open and counted for its close() until
/// the last completion.
struct holds_a_file {};
/// `holds`: as holds_a_file, of a socket whose connection may break. The kernel says so once, and
/// perhaps to an operation that nobody awaits any more: asked() is how many bytes it was to move,
/// and break_seen(descriptor, asked, res) hears what became of them.
struct holds_a_connection {};

// `links` is the one answer that may be left out: then nothing can be linked to the operation
// (linked()), which may be the last of a chain all the same.

/// `links`: the same as no answer.
struct links_nothing {};
/// `links`: what is linked to it starts when it has succeeded, and not after an error. That must
/// have been seen: Linux 6.18 starts it after an error of an fsync, a rename and many others.
struct links_on_success {};
/// `links`: the same, and fewer bytes than bytes_wanted() keep the next one from starting too, as
/// with the kernel's own reads and writes.
struct links_when_whole {};
/// `links`: it may not be the last of a chain either.
struct links_never {};

template <class A, class... Answers>
concept one_of = (std::same_as<A, Answers> || ...);

/// An answer to `lends`: lends_nothing, or what the detectors and the quarantine do with the memory
/// of resources R. `lend` is called when the kernel gets it and `unlend` when it is back,
/// `describe` writes which memory it is into the report of what is stuck, and `quarantine` tells
/// whoever waits for it that it is lost.
template <class A, class R>
concept lending = std::same_as<A, lends_nothing> || requires(const R& r, std::FILE* out) {
  { A::lend(r) } noexcept;
  { A::unlend(r) } noexcept;
  { A::describe(r, out) };
  { A::quarantine(r) } noexcept;
};

/// An answer to `unclaimed`: result_owns_nothing, or how to get rid of what a result brings, a
/// descriptor for instance.
template <class A, class R>
concept discarding = requires(std::int32_t res, R& r) {
  { A::discard(res, r) } noexcept;
};

/// The functions: check() for misuse, encode() for the whole request, complete() and fail() for
/// what the caller gets.
template <class Op>
concept working = requires(Op& op, const Op& inert, detail::driver& io, detail::slot& s,
                           detail::request& r, std::error_code error) {
  { op.held } -> std::same_as<typename Op::resources&>;
  { inert.check(std::as_const(io)) } noexcept -> std::same_as<detail::failure_code>;
  { op.encode(io, s, r) } -> std::same_as<void>;
  { op.complete(std::int32_t{}, op.held, s) } -> std::same_as<typename Op::output>;
  { op.fail(error, std::move(op.held)) } noexcept -> std::same_as<typename Op::output>;
};

template <class Op>
concept taking_items = requires(Op& op) {
  { op.item(std::int32_t{}, std::uint32_t{}) } noexcept;
};

template <class Op>
concept completing_early =
    std::is_nothrow_copy_constructible_v<typename Op::resources> && requires(Op& op) {
      { op.complete_early(std::int32_t{}, op.held) } -> std::same_as<typename Op::output>;
    };

template <class Op>
concept repeating = requires(Op& op) {
  { op.repeat(std::int32_t{}) } noexcept -> std::same_as<bool>;
};

template <class Op>
concept waiting_first = requires(Op& op, detail::operation_base& self) {
  { op.must_wait(self) } noexcept -> std::same_as<bool>;
  { op.stop_waiting(self) } noexcept -> std::same_as<bool>;
};

template <class Op>
concept attempting = requires(Op& op, detail::driver& io, bool nobody_waits) {
  { op.may_attempt(nobody_waits) } noexcept -> std::same_as<bool>;
  { op.attempt(io) } noexcept -> std::same_as<std::int32_t>;
  { op.complete_attempt(std::int32_t{}, op.held) } -> std::same_as<typename Op::output>;
};

template <class Op>
concept holding_a_file = requires(Op& op) {
  { op.file } -> std::same_as<detail::fd_ref&>;
};

template <class Op>
concept hearing_of_breaks = requires(const Op& op, detail::descriptor& socket) {
  { op.asked() } noexcept -> std::same_as<std::size_t>;
  { Op::break_seen(socket, std::size_t{}, std::int32_t{}) } noexcept;
};

template <class Op>
concept leading_a_link =
    requires { requires one_of<typename Op::links, links_on_success, links_when_whole>; };

template <class Op>
concept wanting_bytes = requires(const Op& op) {
  { op.bytes_wanted() } noexcept -> std::same_as<std::size_t>;
};

/// Whether an operation type has a member of a name, whatever it is, so that a hook which no answer
/// asks for is refused in any form: a name that two bases have is ambiguous.
namespace members {

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): what takes a name and makes others of it
#define CAROUSEL_EXT_MEMBER(name)            \
  struct only_##name {                       \
    int name;                                \
  };                                         \
  template <class Op>                        \
  struct beside_##name : Op, only_##name {}; \
  template <class Op>                        \
  concept has_##name = !requires { &beside_##name<Op>::name; }
CAROUSEL_EXT_MEMBER(item);
CAROUSEL_EXT_MEMBER(complete_early);
CAROUSEL_EXT_MEMBER(repeat);
CAROUSEL_EXT_MEMBER(must_wait);
CAROUSEL_EXT_MEMBER(stop_waiting);
CAROUSEL_EXT_MEMBER(may_attempt);
CAROUSEL_EXT_MEMBER(attempt);
CAROUSEL_EXT_MEMBER(complete_attempt);
CAROUSEL_EXT_MEMBER(file);
CAROUSEL_EXT_MEMBER(asked);
CAROUSEL_EXT_MEMBER(break_seen);
CAROUSEL_EXT_MEMBER(bytes_wanted);
#undef CAROUSEL_EXT_MEMBER

}  // namespace members

// The hooks of an answer are all there when it is given, and none of them when it is not: one that
// no answer asks for would never be called.

template <class Op>
concept items_agree =
    (std::same_as<typename Op::completions, many_completions> ? taking_items<Op>
                                                              : !members::has_item<Op>);

template <class Op>
concept early_results_agree = (std::same_as<typename Op::completions, result_before_release>
                                   ? completing_early<Op>
                                   : !members::has_complete_early<Op>);

template <class Op>
concept repeats_agree =
    (std::same_as<typename Op::completions, repeated_until_done> ? repeating<Op>
                                                                 : !members::has_repeat<Op>);

template <class Op>
concept waits_agree = (std::same_as<typename Op::begins, begins_when_free>
                           ? waiting_first<Op>
                           : !members::has_must_wait<Op> && !members::has_stop_waiting<Op>);

template <class Op>
concept attempts_agree = (std::same_as<typename Op::begins, begins_inline>
                              ? attempting<Op>
                              : !members::has_may_attempt<Op> && !members::has_attempt<Op> &&
                                    !members::has_complete_attempt<Op>);

template <class Op>
concept files_agree =
    (std::same_as<typename Op::holds, holds_no_file> ? !members::has_file<Op> : holding_a_file<Op>);

template <class Op>
concept breaks_agree = (std::same_as<typename Op::holds, holds_a_connection>
                            ? hearing_of_breaks<Op>
                            : !members::has_asked<Op> && !members::has_break_seen<Op>);

template <class Op>
concept saying_what_it_links = requires { typename Op::links; };
template <class Op>
concept linking_when_whole =
    requires { requires std::same_as<typename Op::links, links_when_whole>; };
template <class Op>
concept linking_nothing = requires { requires std::same_as<typename Op::links, links_nothing>; };
template <class Op>
concept linking_never = requires { requires std::same_as<typename Op::links, links_never>; };

template <class Op>
concept links_agree =
    linking_nothing<Op> || linking_never<Op> ||
    ((leading_a_link<Op> || !saying_what_it_links<Op>) &&
     (linking_when_whole<Op> ? wanting_bytes<Op> : !members::has_bytes_wanted<Op>));

/// All that an operation type must say: carousel/ext/operation.hpp explains it.
template <class Op>
concept operation_type =
    std::is_nothrow_move_constructible_v<typename Op::resources> && working<Op> &&
    lending<typename Op::lends, typename Op::resources> &&
    discarding<typename Op::unclaimed, typename Op::resources> &&
    one_of<typename Op::completions, one_completion, many_completions, result_before_release,
           repeated_until_done> &&
    one_of<typename Op::begins, begins_at_once, begins_inline, begins_when_free> &&
    one_of<typename Op::holds, holds_no_file, holds_a_file, holds_a_connection> &&
    !std::is_final_v<Op> && items_agree<Op> && early_results_agree<Op> && repeats_agree<Op> &&
    waits_agree<Op> && attempts_agree<Op> && files_agree<Op> && breaks_agree<Op> && links_agree<Op>;

}  // namespace carousel::ext

namespace carousel::detail {

/// The hooks that an answer asks for are there, and no others.
template <class Op>
consteval void agrees_with_its_answers() {
  static_assert(!std::is_final_v<Op>,
                "an operation type is not final: what hooks it has is found by deriving from it");
  static_assert(ext::items_agree<Op>,
                "an operation has item() noexcept exactly when its `completions` are "
                "ext::many_completions");
  static_assert(ext::early_results_agree<Op>,
                "an operation has complete_early(), and resources to share, exactly when its "
                "`completions` are ext::result_before_release");
  static_assert(ext::repeats_agree<Op>,
                "an operation has repeat() noexcept exactly when its `completions` are "
                "ext::repeated_until_done");
  static_assert(ext::waits_agree<Op>,
                "an operation has must_wait() noexcept and stop_waiting() noexcept exactly when "
                "it `begins` ext::begins_when_free");
  static_assert(ext::attempts_agree<Op>,
                "an operation has may_attempt() noexcept, attempt() noexcept and "
                "complete_attempt() exactly when it `begins` ext::begins_inline");
  static_assert(ext::files_agree<Op>,
                "an operation has a member `file`, an fd_ref, exactly when it does not say that "
                "it `holds` ext::holds_no_file");
  static_assert(ext::breaks_agree<Op>,
                "an operation has asked() noexcept and break_seen() noexcept exactly when it "
                "`holds` ext::holds_a_connection");
  static_assert(ext::links_agree<Op>,
                "`links` of an operation is ext::links_nothing, ext::links_on_success, or "
                "ext::links_when_whole and then it has bytes_wanted() noexcept");
}

/// Says in one sentence each what is missing, before anything else fails for the lack of it.
template <class Op>
consteval bool says_all_of_itself() {
  constexpr bool types = requires {
    typename Op::resources;
    typename Op::output;
  };
  static_assert(types, "an operation type names its `resources` and its `output`");
  constexpr bool lends = requires { typename Op::lends; };
  static_assert(lends,
                "an operation type says what it lends the kernel: `using lends = "
                "ext::lends_nothing`, or a type that poisons, describes and quarantines the "
                "memory");
  constexpr bool unclaimed = requires { typename Op::unclaimed; };
  static_assert(
      unclaimed,
      "an operation type says what becomes of a result that nobody takes: `using unclaimed = "
      "ext::result_owns_nothing`, or a type that discards it");
  constexpr bool completions = requires {
    requires ext::one_of<typename Op::completions, ext::one_completion, ext::many_completions,
                         ext::result_before_release, ext::repeated_until_done>;
  };
  static_assert(completions,
                "an operation type says how often the kernel answers: `using completions = "
                "ext::one_completion`, `ext::many_completions`, `ext::result_before_release` or "
                "`ext::repeated_until_done`");
  constexpr bool begins = requires {
    requires ext::one_of<typename Op::begins, ext::begins_at_once, ext::begins_inline,
                         ext::begins_when_free>;
  };
  static_assert(begins,
                "an operation type says when it begins: `using begins = ext::begins_at_once`, "
                "`ext::begins_inline` or `ext::begins_when_free`");
  constexpr bool holds = requires {
    requires ext::one_of<typename Op::holds, ext::holds_no_file, ext::holds_a_file,
                         ext::holds_a_connection>;
  };
  static_assert(
      holds,
      "an operation type says whether it keeps a file open: `using holds = ext::holds_no_file`, "
      "`ext::holds_a_file` or `ext::holds_a_connection`");
  if constexpr (types && lends && unclaimed && completions && begins && holds) {
    using resources = typename Op::resources;
    static_assert(std::is_nothrow_move_constructible_v<resources>,
                  "the resources of an operation move without throwing");
    static_assert(
        ext::working<Op>,
        "an operation type has `held`, check() noexcept, encode(), complete() and fail() noexcept");
    static_assert(ext::lending<typename Op::lends, resources>,
                  "`lends` is ext::lends_nothing, or has lend(), unlend(), describe() and "
                  "quarantine() for the resources");
    static_assert(ext::discarding<typename Op::unclaimed, resources>,
                  "`unclaimed` is ext::result_owns_nothing, or has a noexcept "
                  "discard(std::int32_t, resources&)");
    agrees_with_its_answers<Op>();
  }
  return true;
}

}  // namespace carousel::detail
