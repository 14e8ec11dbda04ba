#pragma once

#include "carousel/detail/driver/operation.hpp"

/// For whoever needs an io_uring operation that the library does not have. An operation of one's
/// own is awaited as those of `file` are, and everything holds for it that holds for them: it may
/// be destroyed at any time, verbs around it may stop it, and no result and no buffer is lost.
///
/// It is a type that says what the kernel gets and what its answer means; `operation<Op>` does the
/// rest. All of this is mandatory, and what does not apply is said by its name
/// (carousel/ext/hooks.hpp):
///
///   resources    the type of the member `held`: what the operation owns while the kernel may use
///                it (a buffer, a path). It moves without throwing, and without moving what the
///                kernel sees: if the awaiting coroutine is destroyed, it is moved out of it and
///                kept until the last completion. At most 72 bytes.
///   output       what `co_await` gives
///   lends        lends_nothing, or how memory that the kernel may touch is poisoned, named in a
///                report, and kept from reuse
///   unclaimed    result_owns_nothing, or how to dispose of a result that nobody takes: without it
///                an abandoned accept would leak its connection
///   completions  one_completion; many_completions with item(res, flags) noexcept;
///                result_before_release with complete_early(res, held); or repeated_until_done
///                with repeat(res) noexcept
///   begins       begins_at_once; begins_inline with may_attempt(nobody_waits) noexcept,
///                attempt(driver) noexcept, which does it without the ring or gives not_attempted,
///                and complete_attempt(res, held); or begins_when_free with must_wait(self) and
///                stop_waiting(self)
///   holds        holds_no_file; holds_a_file with a member `file`, which file_operation has,
///                checks and names; or holds_a_connection, with asked() noexcept and a static
///                break_seen(descriptor, asked, res) noexcept
///
///   links        may be left out: links_on_success, or links_when_whole with bytes_wanted()
///                noexcept, where other operations may be linked to it (carousel/linked.hpp);
///                links_never where it may not be the last of a chain either
///
///   check(driver) const noexcept      misuse, named before the kernel sees it: 0, or failure(errc)
///   encode(driver, slot, request)     fills the empty request, all of it but user_data. Memory
///                                     that the request points to and that `held` does not own is
///                                     driver.side_block(slot, bytes), which may throw
///                                     std::bad_alloc; nothing else is thrown. No address in it is
///                                     one of the operation itself.
///   complete(res, held, slot)         the kernel's answer, >= 0 or a negative errno
///                                     (kernel_error() makes an error of it), with the resources
///                                     back
///   fail(error, held) noexcept        the same when the kernel has never had it
///
/// Of the driver an operation uses supports(opcode), side_block() and write_flags(). Opcodes are
/// the numbers of linux/io_uring.h; `opcode` names those that the library uses, and another one is
/// `opcode{number}`.
namespace carousel::ext {

using detail::descriptor;
using detail::driver;
using detail::failure;
using detail::failure_code;
using detail::file_operation;
using detail::kernel_error;
using detail::nothing;
using detail::opcode;
using detail::operation;
using detail::request;
using detail::slot;

}  // namespace carousel::ext
