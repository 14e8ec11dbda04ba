#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "carousel/buf/fixed_buf.hpp"
#include "carousel/detail/fs/open_call.hpp"
#include "carousel/detail/fs/path_call.hpp"
#include "carousel/detail/io/file_call.hpp"
#include "carousel/detail/io/refused_buffer.hpp"
#include "carousel/detail/io/transfer.hpp"
#include "carousel/fs/file_advice.hpp"
#include "carousel/fs/file_info.hpp"
#include "carousel/fs/name_options.hpp"
#include "carousel/io/close_operation.hpp"
#include "carousel/task.hpp"

namespace carousel {

class directory;

namespace detail {
struct info_call;
}  // namespace detail

// What the transfers of a file return, for whoever keeps one or passes it on: awaited once, as an
// rvalue or by its name. Those at an offset are of one type, those at the current position of
// another.

template <class B, class Extent = detail::whole>
using read_operation = detail::operation<
    detail::transfer<detail::direction::read, detail::buffer_kind::any, B, Extent>>;
template <class B, class Extent = detail::whole>
using write_operation = detail::operation<
    detail::transfer<detail::direction::write, detail::buffer_kind::any, B, Extent>>;
template <class B, class Extent = detail::whole>
using read_fixed_operation = detail::operation<
    detail::transfer<detail::direction::read, detail::buffer_kind::fixed, B, Extent>>;
template <class B, class Extent = detail::whole>
using write_fixed_operation = detail::operation<
    detail::transfer<detail::direction::write, detail::buffer_kind::fixed, B, Extent>>;
template <class B>
using readv_operation = detail::operation<detail::vector_transfer<detail::direction::read, B>>;
template <class B>
using writev_operation = detail::operation<detail::vector_transfer<detail::direction::write, B>>;

// And what the other verbs of files, directories and names return. Awaited, an open_operation<T>
// gives result<T>, an info_operation result<file_info>, and each of the others result<>.

template <class Opened>
using open_operation = detail::operation<detail::open_call<Opened>>;
using info_operation = detail::operation<detail::info_call>;
using sync_operation = detail::operation<detail::file_call>;
using allocate_operation = detail::operation<detail::file_call>;
using advise_operation = detail::operation<detail::file_call>;
using name_operation = detail::operation<detail::path_call>;  ///< makes, renames or removes one

/// An open file. A value is a handle: copies are the same open file, and the last one closes it,
/// inside a runtime or outside; an operation in flight holds it open too. Not thread-safe.
///
/// Operations may overlap freely and finish in any order; those at the current position share that
/// position, so they should not. Each gives its buffer back with the result; on an error the
/// buffer's size is what it was. Destroying the coroutine that waits for one cancels it, and the
/// buffer goes home when the kernel is done with it.
///
/// What a read at an offset finds in the page cache, up to 64 KiB, it may read without the ring,
/// where nothing else of the runtime is kept waiting by that.
///
/// Offsets are in bytes, up to 2^63 - 1; one beyond is invalid_argument. One transfer moves at most
/// 2,147,479,552 bytes. Any of them may fail with bad_file_descriptor (closed, or not open for
/// this), misaligned (O_DIRECT), canceled, and what the kernel says.
class file {
  using dir = detail::direction;
  using kind = detail::buffer_kind;

 public:
  /// Awaited: gives result<file>. The path is copied.
  static open_operation<file> open(path_text path, open_options options = {});
  /// Takes ownership of an open descriptor: a file, a pipe, a terminal. Throws std::bad_alloc, with
  /// the descriptor closed.
  [[nodiscard]] static file from_fd(int fd);
  /// As one that was opened so: the rest of the options than inline_io is the descriptor's own.
  [[nodiscard]] static file from_fd(int fd, const open_options& as);
  /// The descriptor, still owned by the file: for calls that the library does not have. -1 once
  /// closed, and for a file that is ring_only.
  [[nodiscard]] int fd() const noexcept { return file_ ? file_->fd : -1; }
  /// For operations of one's own (carousel/ext/operation.hpp): keeps the file open, checks it, and
  /// names it in the request.
  [[nodiscard]] detail::file_operation hold() const noexcept { return {file_}; }

  /// Reads into the whole capacity of the buffer: buf_result<std::size_t, B>. Fewer bytes are
  /// normal, also before the end of the file: read_exact_at fills a block. 0 is the end, or a
  /// buffer without capacity (a std::vector's is its size()).
  template <io_buf_mut B>
  read_operation<B> read_at(B buf, std::uint64_t offset) const {
    return one<read_operation<B>>(buf, detail::whole{offset});
  }
  /// Reads until the buffer is full. Error: end_of_file, with the buffer's size telling how much
  /// came.
  template <io_buf_mut B>
  task<buf_result<void, B>> read_exact_at(B buf, std::uint64_t offset) const {
    return all<dir::read, kind::any>(std::move(buf), offset);
  }
  /// Writes size() bytes or fewer: buf_result<std::size_t, B>.
  template <io_buf B>
  write_operation<B> write_at(B buf, std::uint64_t offset) const {
    return one<write_operation<B>>(buf, detail::whole{offset});
  }
  /// Writes all size() bytes. Error: write_zero when the file takes no more.
  template <io_buf B>
  task<buf_result<void, B>> write_all_at(B buf, std::uint64_t offset) const {
    return all<dir::write, kind::any>(std::move(buf), offset);
  }

  /// Reads into the buffers in turn: buf_result<std::size_t, std::vector<B>>; each one's size
  /// becomes what it received.
  template <io_buf_mut B>
  readv_operation<B> readv_at(std::vector<B> bufs, std::uint64_t offset) const {
    return detail::operation(
        detail::vector_transfer<dir::read, B>{{file_}, std::move(bufs), {offset}});
  }
  template <io_buf B>
  writev_operation<B> writev_at(std::vector<B> bufs, std::uint64_t offset) const {
    return detail::operation(
        detail::vector_transfer<dir::write, B>{{file_}, std::move(bufs), {offset}});
  }
  template <io_buf B>
  task<buf_result<void, std::vector<B>>> writev_all_at(std::vector<B> bufs,
                                                       std::uint64_t offset) const {
    using transfer = detail::vector_transfer<dir::write, B>;
    const std::size_t total = detail::bytes_of<dir::write>(bufs);
    return detail::transfer_all<transfer>(file_, std::move(bufs), offset, total, errc::write_zero);
  }

  // NOLINTBEGIN(*-not-moved, *-std-forward): one() moves what it is given

  /// The same with a lease, or a slice of one, whose collection is registered with this runtime:
  /// the kernel skips the pinning of its pages. That pays for O_DIRECT from 64 KiB up; a buffered
  /// read of 4 KiB gains nothing that could be noticed. Errors: not_registered, wrong_runtime.
  template <fixed_io_buf B>
  read_fixed_operation<B> read_fixed_at(B&& buf, std::uint64_t offset) const {
    return one<read_fixed_operation<B>>(buf, detail::whole{offset});
  }
  template <fixed_io_buf B>
  task<buf_result<void, B>> read_exact_fixed_at(B buf, std::uint64_t offset) const {
    return all<dir::read, kind::fixed>(std::move(buf), offset);
  }
  template <fixed_io_buf B>
  write_fixed_operation<B> write_fixed_at(B&& buf, std::uint64_t offset) const {
    return one<write_fixed_operation<B>>(buf, detail::whole{offset});
  }
  template <fixed_io_buf B>
  task<buf_result<void, B>> write_all_fixed_at(B buf, std::uint64_t offset) const {
    return all<dir::write, kind::fixed>(std::move(buf), offset);
  }
  template <fixed_io_buf B>
  [[deprecated("write_all_fixed_at() is the same")]] task<buf_result<void, B>> write_fixed_all_at(
      B buf, std::uint64_t offset) const {
    return write_all_fixed_at(std::move(buf), offset);
  }

  /// At the current position, which they advance: for pipes and terminals, which have no other. A
  /// write to a pipe without a reader is the error broken_pipe; it raises no SIGPIPE. Nor does a
  /// write beyond RLIMIT_FSIZE, file_too_large, raise SIGXFSZ: while a runtime runs the signal is
  /// blocked in its thread. What a task starts inherits that, threads as well as programs: their
  /// own writes beyond the limit fail and raise nothing, until they unblock it (pthread_sigmask,
  /// POSIX_SPAWN_SETSIGMASK).
  template <io_buf_mut B>
  read_operation<B, detail::part> read(B buf) const {
    return one<read_operation<B, detail::part>>(buf, detail::from_here());
  }
  template <io_buf B>
  write_operation<B, detail::part> write(B buf) const {
    return one<write_operation<B, detail::part>>(buf, detail::from_here());
  }
  template <fixed_io_buf B>
  read_fixed_operation<B, detail::part> read_fixed(B&& buf) const {
    return one<read_fixed_operation<B, detail::part>>(buf, detail::from_here());
  }
  template <fixed_io_buf B>
  write_fixed_operation<B, detail::part> write_fixed(B&& buf) const {
    return one<write_fixed_operation<B, detail::part>>(buf, detail::from_here());
  }

  // NOLINTEND(*-not-moved, *-std-forward)

  /// fsync(2), fdatasync(2). An error may be reported once only: data written before it may be
  /// lost.
  sync_operation sync_all() const;
  sync_operation sync_data() const;
  /// fallocate(2): storage for [offset, offset + bytes); `mode` takes its FALLOC_FL_ flags.
  allocate_operation allocate(std::uint64_t offset, std::uint64_t bytes, int mode = 0) const;
  /// posix_fadvise(2): how [offset, offset + bytes) will be used; with 0 bytes, all from there on.
  /// The advice normal, random or sequential is for all of the open file, whatever the range.
  /// Errors: invalid_seek, of a pipe or a socket; with older kernels invalid_argument, for 4 GiB or
  /// more.
  advise_operation advise(file_advice use, std::uint64_t offset = 0, std::uint64_t bytes = 0) const;
  /// Sets the file's size. Kernels before 6.9 do it in a blocking call.
  task<result<>> truncate(std::uint64_t size) const;
  /// Awaited: gives result<file_info>.
  info_operation info() const;
  /// What the path names.
  static info_operation info(path_text path, follow_links follow = follow_links::yes);
  [[deprecated("say follow_links::yes or follow_links::no")]]
  static info_operation info(path_text path, bool follow);

  /// Closes the file for all its handles: no operation starts any more, those in flight are waited
  /// for, and the error of close(2), which a network file system may give for earlier writes, is
  /// returned. Locks that the file held (flock, OFD) are gone by then, also where operations had
  /// put it into the ring's table; before Linux 6.13 the kernel may take some hundredths of a
  /// second more to let go of what was there. The last handle, and the end of the runtime, close it
  /// in the same way. A request to stop ends the waiting with errc::canceled, and the last of
  /// those operations closes the file.
  close_operation close() &&;
  CAROUSEL_REFUSED("close() takes the handle: co_await std::move(x).close()")
  close_operation close() const&;

  // Names.

  static name_operation remove(path_text path);
  static name_operation symlink(path_text target, path_text link);
  static name_operation hard_link(path_text existing, path_text link);
  /// Renames a file or directory. Where a file of the new name is replaced, that is atomic.
  static name_operation rename(path_text from, path_text to, if_exists there = if_exists::replace);
  [[deprecated("say if_exists::replace or if_exists::fail")]]
  static name_operation rename(path_text from, path_text to, bool replace);

  // What these verbs do not take, each in one sentence.

  template <class B>
    requires(!io_buf_mut<B>)
  CAROUSEL_REFUSED(CAROUSEL_NO_BUFFER)
  task<buf_result<std::size_t, std::remove_cvref_t<B>>> read_at(B, std::uint64_t) const;
  template <class B>
    requires(!io_buf_mut<B>)
  CAROUSEL_REFUSED(CAROUSEL_NO_BUFFER)
  task<buf_result<void, std::remove_cvref_t<B>>> read_exact_at(B, std::uint64_t) const;
  template <class B>
    requires(!io_buf_mut<B>)
  CAROUSEL_REFUSED(CAROUSEL_NO_BUFFER)
  task<buf_result<std::size_t, std::remove_cvref_t<B>>> read(B) const;
  template <class B>
    requires(!io_buf<B>)
  CAROUSEL_REFUSED(CAROUSEL_NO_BUFFER)
  task<buf_result<std::size_t, std::remove_cvref_t<B>>> write_at(B, std::uint64_t) const;
  template <class B>
    requires(!io_buf<B>)
  CAROUSEL_REFUSED(CAROUSEL_NO_BUFFER)
  task<buf_result<void, std::remove_cvref_t<B>>> write_all_at(B, std::uint64_t) const;
  template <class B>
    requires(!io_buf<B>)
  CAROUSEL_REFUSED(CAROUSEL_NO_BUFFER)
  task<buf_result<std::size_t, std::remove_cvref_t<B>>> write(B) const;
  template <class B>
    requires(!fixed_io_buf<B>)
  CAROUSEL_REFUSED(CAROUSEL_NO_LEASE)
  task<buf_result<std::size_t, std::remove_cvref_t<B>>> read_fixed_at(B&&, std::uint64_t) const;
  template <class B>
    requires(!fixed_io_buf<B>)
  CAROUSEL_REFUSED(CAROUSEL_NO_LEASE)
  task<buf_result<std::size_t, std::remove_cvref_t<B>>> write_fixed_at(B&&, std::uint64_t) const;
  template <class B>
    requires(!fixed_io_buf<B>)
  CAROUSEL_REFUSED(CAROUSEL_NO_LEASE)
  task<buf_result<std::size_t, std::remove_cvref_t<B>>> read_fixed(B&&) const;
  template <class B>
    requires(!fixed_io_buf<B>)
  CAROUSEL_REFUSED(CAROUSEL_NO_LEASE)
  task<buf_result<std::size_t, std::remove_cvref_t<B>>> write_fixed(B&&) const;
  template <class B>
    requires(!fixed_io_buf<B>)
  CAROUSEL_REFUSED(CAROUSEL_NO_LEASE)
  task<buf_result<void, std::remove_cvref_t<B>>> read_exact_fixed_at(B, std::uint64_t) const;
  template <class B>
    requires(!fixed_io_buf<B>)
  CAROUSEL_REFUSED(CAROUSEL_NO_LEASE)
  task<buf_result<void, std::remove_cvref_t<B>>> write_all_fixed_at(B, std::uint64_t) const;

 private:
  friend class directory;
  friend struct detail::open_call<file>;
  explicit file(detail::fd_ref adopted) noexcept : file_(std::move(adopted)) {}

  template <class Operation, class B, class Extent>
  Operation one(B& buf, Extent extent) const {
    return Operation(std::in_place_type<typename Operation::described_by>,
                     detail::file_operation{file_}, std::move(buf), extent);
  }
  template <dir D, kind K, class B>
  task<buf_result<void, B>> all(B buf, detail::position at) const {
    const std::size_t total = detail::bytes_of<D>(buf);
    return detail::transfer_all<detail::transfer<D, K, B, detail::part>>(
        file_, std::move(buf), at, total, D == dir::read ? errc::end_of_file : errc::write_zero);
  }

  detail::fd_ref file_;
};

namespace detail {

struct info_call : path_operation {
  enum class subject : std::uint8_t { open_file, path };
  subject of;
  follow_links follow;

  using resources = path_block;
  using output = result<file_info>;
  using lends = ext::lends_nothing;
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_file;
  resources held;

  [[nodiscard]] static operation<info_call> of_open(fd_ref file);
  /// Throws std::bad_alloc.
  [[nodiscard]] static operation<info_call> of_path(path_operation where, path_text path,
                                                    follow_links follow);

  [[nodiscard]] failure_code check(const driver& io) const noexcept;
  void encode(driver& io, slot& s, request& r) const;

  output complete(std::int32_t res, path_block& path, slot& s) const noexcept;
  output fail(std::error_code error, path_block&& path) const noexcept;
};

}  // namespace detail
}  // namespace carousel
