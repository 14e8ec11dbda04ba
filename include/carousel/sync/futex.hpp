#pragma once

#include <atomic>
#include <cstdint>

#include "carousel/detail/sync/futex_call.hpp"

namespace carousel {

/// Who meets at a word: tasks and threads of this process, or also those of others that have mapped
/// the same memory. Both sides say the same.
enum class futex_scope : std::uint8_t { process, shared };

// What the two verbs return, awaited once.

using futex_wait_operation = detail::operation<detail::futex_wait_call>;
using futex_wake_operation = detail::operation<detail::futex_wake_call>;

/// FUTEX_WAIT: waits as long as nobody wakes who waits at this word, if the word is `expected` when
/// the kernel looks; of that and of waiting there nobody gets in between. Awaited: result<>. Who
/// wakes may be a task (futex_wake()), or any thread with futex(2), FUTEX_WAKE and, but for
/// `shared`, FUTEX_PRIVATE_FLAG. It is for words that others define; tasks among themselves have
/// event, semaphore and mutex.
///
/// That it was woken says nothing about the word: look at it again. The word must live until the
/// operation has ended, or the awaiting coroutine was destroyed; a wake that comes to one which is
/// being destroyed goes to the next. A request to stop ends the waiting, unless a wake came first:
/// that is the result. A loop whose last task waits here waits for ever where nobody wakes it.
///
/// Errors: resource_unavailable_try_again, the word is not `expected`; errc::canceled;
/// errc::not_supported, before Linux 6.7.
futex_wait_operation futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                                futex_scope scope = futex_scope::process) noexcept;

/// FUTEX_WAKE: wakes up to `at_most` of those who wait at this word, the longest waiting first.
/// Awaited: result<std::size_t>, how many. It does not look at the word; a task has changed that
/// before. Errors: errc::canceled; errc::not_supported, before Linux 6.7.
futex_wake_operation futex_wake(const std::atomic<std::uint32_t>& word, std::uint32_t at_most = 1,
                                futex_scope scope = futex_scope::process) noexcept;

}  // namespace carousel
