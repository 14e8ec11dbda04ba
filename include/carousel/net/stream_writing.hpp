#pragma once

#include <utility>
#include <vector>

#include "carousel/detail/buf/fixed_access.hpp"
#include "carousel/detail/io/refused_buffer.hpp"
#include "carousel/detail/net/stream_transfer.hpp"
#include "carousel/detail/net/whole_transfer.hpp"
#include "carousel/detail/net/zero_copy_send.hpp"
#include "carousel/task.hpp"

namespace carousel {

// What the writing verbs of a stream return.

template <class B>
using send_operation = detail::operation<
    detail::stream_transfer<detail::direction::write, detail::buffer_kind::any, B>>;
template <class B>
using send_fixed_operation = detail::operation<
    detail::stream_transfer<detail::direction::write, detail::buffer_kind::fixed, B>>;
template <class B>
using send_all_operation = detail::operation<detail::whole_transfer<
    detail::stream_transfer<detail::direction::write, detail::buffer_kind::any, B>>>;
template <class B>
using send_all_fixed_operation = detail::operation<detail::whole_transfer<
    detail::stream_transfer<detail::direction::write, detail::buffer_kind::fixed, B>>>;
template <class B>
using sendv_operation =
    detail::operation<detail::stream_vector_transfer<detail::direction::write, B>>;
template <class B>
using sendv_all_operation = detail::operation<
    detail::whole_transfer<detail::stream_vector_transfer<detail::direction::write, B>>>;

/// How all stream sockets, and their writing halves, are written.
///
/// Each operation gives its buffer back with the result. That bytes were written means that the
/// kernel has them, not that the peer does. One writer at a time: the bytes of two writes that are
/// under way together mix, in pieces of any size; a carousel::mutex keeps them apart.
///
/// Errors: connection_reset and the others of stream_reading; broken_pipe once this side has shut
/// its writing down, or the peer has closed and wants no more. None of them raises SIGPIPE.
template <class Stream>
class stream_writing {
  static constexpr auto out = detail::direction::write;
  using kind = detail::buffer_kind;

 public:
  /// Writes size() bytes: buf_result<std::size_t, B>. It waits until the kernel has taken all of
  /// them; there are fewer only when a verb stopped it, or the connection broke meanwhile.
  template <io_buf B>
  send_operation<B> write(B buf) const {
    return one<send_operation<B>>(buf);
  }
  /// Writes all size() bytes, or fails: buf_result<void, B>. How many went out by then nobody
  /// tells. A text is std::vector<char>(text.begin(), text.end()).
  template <io_buf B>
  send_all_operation<B> write_all(B buf) const {
    return all<send_all_operation<B>>(buf);
  }
  /// Writes the buffers in turn, 1,024 of them at most: buf_result<std::size_t, std::vector<B>>.
  template <io_buf B>
  sendv_operation<B> writev(std::vector<B> bufs) const {
    return detail::operation(
        detail::stream_vector_transfer<out, B>{held(), std::move(bufs), detail::from_here()});
  }
  template <io_buf B>
  sendv_all_operation<B> writev_all(std::vector<B> bufs) const {
    return all<sendv_all_operation<B>>(bufs);
  }
  /// The same with a lease, or a slice of one, whose collection is registered with this runtime.
  /// Errors moreover: not_registered, wrong_runtime. Kernels before 7.2 take the bytes of a
  /// registered buffer as those of any other here.
  template <fixed_io_buf B>
  send_fixed_operation<B> write_fixed(B&& buf) const {  // NOLINT(*-not-moved, *-std-forward)
    return one<send_fixed_operation<B>>(buf);
  }
  template <fixed_io_buf B>
  send_all_fixed_operation<B> write_all_fixed(B buf) const {
    return all<send_all_fixed_operation<B>>(buf);
  }

  /// As write(), but the kernel sends from the buffer itself and has it for longer: sent_zc<B> says
  /// what became of the bytes, and its `rest` gives the buffer back when the kernel has let go of
  /// it, which may be never while the peer does not read. Stopping or destroying it at any moment
  /// gives no memory back before that. Of a lease that is registered with this runtime the kernel
  /// does not even pin the pages.
  ///
  /// It pays from about 10 KiB to a peer behind a network card that can gather (zc_returned::copied
  /// tells). It never pays on the same machine, where the kernel copies after all: there each send
  /// costs a second completion. Where the kernel (before Linux 6.2) or the socket has no such send,
  /// as Unix sockets have none, it is a write. Throws std::bad_alloc.
  template <io_buf B>
  task<sent_zc<B>> send_zc(B buf) const {
    return detail::send_zero_copy<B>(held().file, std::move(buf));
  }

  template <class B>
    requires(!io_buf<B>)
  CAROUSEL_REFUSED(CAROUSEL_NO_BUFFER)
  task<buf_result<std::size_t, std::remove_cvref_t<B>>> write(B) const;
  template <class B>
    requires(!io_buf<B>)
  CAROUSEL_REFUSED(CAROUSEL_NO_BUFFER)
  task<buf_result<void, std::remove_cvref_t<B>>> write_all(B) const;
  template <class B>
    requires(!fixed_io_buf<B>)
  CAROUSEL_REFUSED(CAROUSEL_NO_LEASE)
  task<buf_result<std::size_t, std::remove_cvref_t<B>>> write_fixed(B&&) const;
  template <class B>
    requires(!fixed_io_buf<B>)
  CAROUSEL_REFUSED(CAROUSEL_NO_LEASE)
  task<buf_result<void, std::remove_cvref_t<B>>> write_all_fixed(B&&) const;

 private:
  friend Stream;
  stream_writing() = default;

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
    const std::size_t total = detail::bytes_of<out>(buf);
    return Operation(std::in_place_type<whole>,
                     typename whole::part_transfer{held(), std::move(buf), detail::from_here()},
                     total);
  }
};

}  // namespace carousel
