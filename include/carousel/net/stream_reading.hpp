#pragma once

#include <utility>
#include <vector>

#include "carousel/detail/buf/fixed_access.hpp"
#include "carousel/detail/io/refused_buffer.hpp"
#include "carousel/detail/net/stream_transfer.hpp"
#include "carousel/detail/net/whole_transfer.hpp"
#include "carousel/net/receive_stream.hpp"
#include "carousel/task.hpp"

namespace carousel {

// What the reading verbs of a stream return, for whoever keeps one or passes it on: awaited once,
// as an rvalue or by its name.

template <class B>
using receive_operation = detail::operation<
    detail::stream_transfer<detail::direction::read, detail::buffer_kind::any, B>>;
template <class B>
using receive_fixed_operation = detail::operation<
    detail::stream_transfer<detail::direction::read, detail::buffer_kind::fixed, B>>;
template <class B>
using receive_exact_operation = detail::operation<detail::whole_transfer<
    detail::stream_transfer<detail::direction::read, detail::buffer_kind::any, B>>>;
template <class B>
using receive_exact_fixed_operation = detail::operation<detail::whole_transfer<
    detail::stream_transfer<detail::direction::read, detail::buffer_kind::fixed, B>>>;
template <class B>
using receivev_operation =
    detail::operation<detail::stream_vector_transfer<detail::direction::read, B>>;

/// How all stream sockets, and their reading halves, are read.
///
/// Each operation gives its buffer back with the result. On an error the buffer's size is what it
/// was, but for read_exact(): that tells how much came before it failed, was stopped or closed, and
/// what came is in the buffer. A std::vector has no size beside its capacity, so that its count is
/// lost then: who goes on after a stop takes owned_bytes, a lease or a slice, or read() in a loop.
/// One reader at a time: what two of them get is decided by chance. Destroying the coroutine
/// that waits for one cancels it, and what it had read by then is lost; under a verb (timeout,
/// stop_on) nothing is: bytes that came first are the result.
///
/// 0 bytes are the end: the peer has ended its writing, and all it wrote was read. A connection
/// that broke never ends so. Errors: connection_reset; timed_out, host_unreachable and their kin
/// where the network does not reach the peer any more; errc::canceled, also when the socket is
/// closed meanwhile; bad_file_descriptor, when it was closed before. Once a connection is broken
/// all its operations say how, though the kernel tells only one of them.
template <class Stream>
class stream_reading {
  static constexpr auto in = detail::direction::read;
  using kind = detail::buffer_kind;

 public:
  /// Reads what is there into the buffer, and waits where nothing is: buf_result<std::size_t, B>.
  /// Fewer bytes than the capacity are normal; into no capacity, it reads nothing and does not
  /// wait.
  template <io_buf_mut B>
  receive_operation<B> read(B buf) const {
    return one<receive_operation<B>>(buf);
  }
  /// Reads until the buffer is full: buf_result<void, B>. Error: errc::end_of_file, with the
  /// buffer's size telling how much came, as after every error.
  template <io_buf_mut B>
  receive_exact_operation<B> read_exact(B buf) const {
    return all<receive_exact_operation<B>>(buf);
  }
  /// Reads into the buffers in turn: buf_result<std::size_t, std::vector<B>>; each one's size
  /// becomes what it received.
  template <io_buf_mut B>
  receivev_operation<B> readv(std::vector<B> bufs) const {
    return detail::operation(
        detail::stream_vector_transfer<in, B>{held(), std::move(bufs), detail::from_here()});
  }
  /// The same with a lease, or a slice of one, whose collection is registered with this runtime.
  /// Errors moreover: not_registered, wrong_runtime. Kernels before 7.2 take the bytes of a
  /// registered buffer as those of any other here.
  template <fixed_io_buf B>
  receive_fixed_operation<B> read_fixed(B&& buf) const {  // NOLINT(*-not-moved, *-std-forward)
    return one<receive_fixed_operation<B>>(buf);
  }
  template <fixed_io_buf B>
  receive_exact_fixed_operation<B> read_exact_fixed(B buf) const {
    return all<receive_exact_fixed_operation<B>>(buf);
  }

  /// All that comes, in leases of a group, so that the connection has no buffer while it waits.
  /// Throws std::bad_alloc.
  [[nodiscard]] receive_stream receive(const buf_group& from) const { return {held(), from}; }

  template <class B>
    requires(!io_buf_mut<B>)
  CAROUSEL_REFUSED(CAROUSEL_NO_BUFFER)
  task<buf_result<std::size_t, std::remove_cvref_t<B>>> read(B) const;
  template <class B>
    requires(!io_buf_mut<B>)
  CAROUSEL_REFUSED(CAROUSEL_NO_BUFFER)
  task<buf_result<void, std::remove_cvref_t<B>>> read_exact(B) const;
  template <class B>
    requires(!fixed_io_buf<B>)
  CAROUSEL_REFUSED(CAROUSEL_NO_LEASE)
  task<buf_result<std::size_t, std::remove_cvref_t<B>>> read_fixed(B&&) const;
  template <class B>
    requires(!fixed_io_buf<B>)
  CAROUSEL_REFUSED(CAROUSEL_NO_LEASE)
  task<buf_result<void, std::remove_cvref_t<B>>> read_exact_fixed(B&&) const;

 private:
  friend Stream;
  stream_reading() = default;

  [[nodiscard]] detail::file_operation held() const noexcept {
    return static_cast<const Stream&>(*this).hold();
  }
  template <class Operation, class B>
  Operation one(B& buf) const {
    return Operation(std::in_place_type<typename Operation::described_by>, held(), std::move(buf),
                     detail::from_here());
  }
  template <class Operation, class B>
  Operation all(B& buf) const {
    using whole = typename Operation::described_by;
    const std::size_t total = detail::bytes_of<in>(buf);
    return Operation(std::in_place_type<whole>,
                     typename whole::part_transfer{held(), std::move(buf), detail::from_here()},
                     total);
  }
};

}  // namespace carousel
