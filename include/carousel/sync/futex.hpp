#pragma once

#include <atomic>
#include <cstdint>

#include "carousel/detail/sync/futex_call.hpp"

namespace carousel {

/// Who meets at a word, as FUTEX_PRIVATE_FLAG says it: tasks and threads of this process, or also
/// those of others that have mapped the same memory. Both sides say the same.
enum class futex_scope : std::uint8_t { process_private, process_shared };

// What the two functions return, awaited once.

using futex_wait_operation = detail::operation<detail::futex_wait_call>;
using futex_wake_operation = detail::operation<detail::futex_wake_call>;

/// FUTEX_WAIT: waits until somebody wakes who waits at this word, if the word is `expected` when
/// the kernel looks. It looks at the next submission, not at the await, and a change between that
/// look and the waiting is not missed. Awaited: result<>. Who wakes may be a task (futex_wake()),
/// or any thread with futex(2), FUTEX_WAKE and, but for process_shared, FUTEX_PRIVATE_FLAG. It is
/// for words that others define; tasks among themselves have event, semaphore and mutex.
///
/// That it was woken says nothing about the word: look at it again. A request to stop ends the
/// waiting, unless a wake came first: that is the result. A loop whose last task waits here waits
/// for ever where nobody wakes it. It cannot be a member of a chain.
///
/// The word and its mapping must live until the operation has ended. Where the awaiting coroutine
/// is destroyed before, they must live until the runtime has turned once more (`co_await yield()`
/// of another task, or poll()): until then the kernel may look at that address, and whoever waits
/// for a word that is made there next may lose a wake to a wait that nobody awaits any more. A wake
/// that comes to such a one while the word lives goes to the next who waits at its address, which
/// means the same word in this process; of a process_shared word that is mapped elsewhere by then,
/// it is lost.
///
/// Errors: resource_unavailable_try_again, the word is not `expected`; bad_address, it is not
/// mapped; not_enough_memory; errc::canceled; errc::not_supported, before Linux 6.7.
futex_wait_operation futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                                futex_scope scope = futex_scope::process_private) noexcept;

/// FUTEX_WAKE: wakes up to `at_most` of those who wait at this word, in an order that Linux leaves
/// open. Awaited: result<std::size_t>, how many. It does not look at the word; a task has changed
/// that before.
///
/// Once it is awaited the wake happens: a request to stop does not concern it, and where the
/// awaiting coroutine is destroyed before the kernel has heard of it, futex(2) is called there and
/// then. So is it after an error of the whole submission, which says nothing about this wake. The
/// word must live until it has ended, or the coroutine was destroyed and the runtime has turned
/// once more. It cannot be a member of a chain.
///
/// Errors: bad_address, a process_shared word that is not mapped; not_enough_memory;
/// errc::not_supported, before Linux 6.7, where nobody is woken.
futex_wake_operation futex_wake(const std::atomic<std::uint32_t>& word, std::uint32_t at_most = 1,
                                futex_scope scope = futex_scope::process_private) noexcept;

}  // namespace carousel
