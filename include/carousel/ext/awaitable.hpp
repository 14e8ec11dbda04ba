#pragma once

#include "carousel/detail/driver/wait_line.hpp"

/// For whoever needs something to wait for that the library does not have, and of which the kernel
/// knows nothing: a latch, a barrier, a rate limit. `event` and `semaphore` are built on it.
///
/// A task may await whatever can be awaited, and what it awaits need not know of Carousel: whoever
/// resumes the coroutine, and however early, it goes on in its own task and under its own verbs.
/// But no verb can end such a wait (a timeout waits for it), and as a task may be aborted while it
/// waits, the awaiter's destructor must take the coroutine out of wherever it stands.
///
/// An awaiter that derives from `line_waiter` has what the library's own have. Verbs stop it; it
/// may be destroyed at any moment with its coroutine; the loop resumes it, in order and never from
/// inside the call that served it; it outlives its runtime unharmed; the report of a stalled loop
/// names it; and it allocates nothing. A line belongs to one thread. The awaiter writes:
///
///   its constructor   sets `reason`, for the report, as in "waits for an event"
///   await_ready()     false
///   await_suspend(h)  serve(), if there is nothing to wait for and stopped() is false; then
///                     `return wait(line, h)`
///   await_resume()    served() tells whether it got what it came for, or was stopped before
///   `left`            is set where another waiter may be served once this one has left the line
///                     because of a stop
///   its destructor    passes on what it was served and await_resume() has not handed over, if
///                     that is anything; see semaphore.hpp
///
/// The link into a verb's scope, the suspension and the running task are inside of it and not
/// exported, on purpose: an awaiter made of these parts would have to go out of each of them in
/// the right order, however it ends.
///
/// What is awaited is not the awaiter but a small object that makes it in `operator co_await() &&`
/// and moves without throwing, because verbs move what they are given to where it will be awaited.
/// Its member type `resumed_by_loop` says that nobody but the loop resumes who awaits it.
/// examples/own_awaitable.cpp has one, a latch.
namespace carousel::ext {

using detail::line_waiter;
using detail::wait_line;

/// The running coroutine was asked to stop, and what it begins ends at once.
[[nodiscard]] inline bool stopped() noexcept { return detail::this_context().stopped(); }

}  // namespace carousel::ext
