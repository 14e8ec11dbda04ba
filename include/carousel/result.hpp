#pragma once

#include <expected>
#include <system_error>
#include <type_traits>
#include <utility>

#include "carousel/config.hpp"

namespace carousel {

/// Every operation that can fail returns one. Errors of the kernel are in std::generic_category();
/// errors that only this library knows are an errc. Both compare with std::errc where a standard
/// condition fits.
template <class T = void>
using result = std::expected<T, std::error_code>;

/// What an operation that owned a buffer returns: the buffer comes back on success and on failure
/// alike. Use it as `auto [res, buf] = co_await file.read_at(std::move(buf), 0);`, in a loop as
/// `auto r = co_await ...; buf = std::move(r.buf);`.
template <class T, class B>
struct [[nodiscard]] buf_result {
  result<T> res;
  B buf;

  // Not an aggregate: g++ 12 destroys the members of an aggregate twice that is written as
  // `co_return {res, buf}`.
  buf_result(result<T> r, B b) noexcept(std::is_nothrow_move_constructible_v<result<T>> &&
                                        std::is_nothrow_move_constructible_v<B>)
      : res(std::move(r)), buf(std::move(b)) {}
};

/// Errors of the library itself. message() of their error_code is a whole sentence that says what
/// to do.
enum class errc {
  not_registered = 1,  ///< fixed I/O with a lease whose collection is not registered
  already_registered,  ///< the runtime has a collection, or the collection a runtime
  busy,                ///< operations in flight still use what is to be replaced
  wrong_runtime,     ///< fixed I/O with a lease whose collection is registered with another runtime
  stale_buffer,      ///< the buffer is quarantined: the kernel may still write into it
  no_such_capacity,  ///< next(): no class of the pool has this capacity
  too_many_buffers,  ///< more than the 16,384 buffers the kernel takes
  bad_buffer,        ///< no capacity, more than 1 TiB, or memory the kernel cannot pin
  pool_closed,
  timed_out,
  canceled,     ///< somebody asked the operation to stop
  end_of_file,  ///< an exact read met the end of the file or connection first; a stream is over
  write_zero,   ///< a write made no progress
  misaligned,   ///< O_DIRECT: address, length or offset break the file system's alignment
  not_supported,
  shut_down,          ///< the runtime is ending
  io_uring_disabled,  ///< kernel.io_uring_disabled forbids it
  io_uring_denied,    ///< a seccomp filter or a security module forbids it
  kernel_too_old,
  memlock_limit,  ///< RLIMIT_MEMLOCK is too small
  no_worker,      ///< the kernel dropped an operation that nobody asked to stop
  closed,         ///< a channel that takes no more, or has no more
  no_child,       ///< a process has ended, and how is not to be known
  chain_broken,   ///< linked(): the operation before it did not wholly succeed
};

[[nodiscard]] const std::error_category& carousel_category() noexcept;

[[nodiscard]] inline std::error_code make_error_code(errc e) noexcept {
  return {static_cast<int>(e), carousel_category()};
}

namespace detail {

/// What the driver makes of -ECANCELED when nobody asked the operation to stop: a kernel that
/// cannot start a worker thread (RLIMIT_NPROC) answers so.
inline constexpr int unasked_cancel = -1000;
/// Of a member of a chain which another one has kept from starting: what the chain makes of the
/// above, and what a withdrawal of the others makes of it.
inline constexpr int broken_chain = -1001;
/// Whether this result of an operation says that the kernel has not executed it.
[[nodiscard]] constexpr bool never_ran(int res) noexcept {
  return res == -static_cast<int>(std::errc::operation_canceled) || res == unasked_cancel ||
         res == broken_chain;
}

/// Less the errno: io_uring itself was refused, and the operation, the registration or the runtime
/// with it.
inline constexpr int refused_enter = -2000;
inline constexpr int refused_register = -3000;
inline constexpr int refused_setup = -4000;
/// Of results beyond refused_enter: with the errno's condition, and a message that names the call.
[[nodiscard]] std::error_code refusal_of(int code) noexcept;
/// The other way round.
[[nodiscard]] int result_of(std::error_code refusal) noexcept;

/// The only translation of the kernel's negative results. -ECANCELED becomes errc::canceled; the
/// kernel-internal restart codes (-512 to -516), which a cancelled open may leak, become
/// "interrupted".
[[nodiscard]] std::error_code kernel_error(int negative_errno) noexcept;

/// A check's answer in one word, which costs nothing where all is well: 0, an errc, or a negative
/// errno.
using failure_code = int;
[[nodiscard]] constexpr failure_code failure(errc e) noexcept { return static_cast<int>(e); }
[[nodiscard]] constexpr failure_code failure(std::errc e) noexcept { return -static_cast<int>(e); }
[[nodiscard]] inline std::error_code to_error(failure_code code) noexcept {
  return code > 0 ? make_error_code(static_cast<errc>(code)) : kernel_error(code);
}
/// The other way round, for who keeps an error of the library, which takes 16 bytes.
[[nodiscard]] failure_code failure(std::error_code error) noexcept;

}  // namespace detail
}  // namespace carousel

template <>
struct std::is_error_code_enum<carousel::errc> : std::true_type {};
