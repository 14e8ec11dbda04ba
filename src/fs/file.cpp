#include "carousel/fs/file.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "fs/file_type.hpp"

namespace carousel {
namespace {

constexpr std::uint32_t fsync_datasync = 1;  // IORING_FSYNC_DATASYNC

/// A descriptor number on its way into close: whoever holds it last closes it.
class closing_fd {
 public:
  explicit closing_fd(int fd) noexcept : fd_(fd) {}
  closing_fd(closing_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  closing_fd& operator=(closing_fd&&) = delete;
  ~closing_fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const noexcept { return fd_; }
  void release() noexcept { fd_ = -1; }

 private:
  int fd_;
};

struct close_call {
  static constexpr bool runs_on = true;
  using resources = closing_fd;
  using output = result<>;
  closing_fd held;

  [[nodiscard]] static detail::failure_code check(const detail::driver&) noexcept { return 0; }
  void encode(const detail::driver&, detail::slot&, detail::request& r) const noexcept {
    r.code = detail::opcode::close;
    r.fd = held.get();
  }

  static output complete(std::int32_t res, closing_fd& lent, detail::slot& s) noexcept {
    discard(s.state == detail::slot_state::withdrawn ? -ECANCELED : res, lent);
    return detail::file_call::of(res);
  }
  static output fail(std::error_code error, closing_fd&&) noexcept {
    return std::unexpected(error);
  }
  static void describe(const closing_fd& lost, std::FILE* out) {
    std::fprintf(out, " on descriptor %d", lost.get());
  }
  /// Whatever close answers, the number is free again, unless it has not been executed. A ring with restrictions that exclude
  /// closing cannot be told from a file system's own EACCES: the number is left alone then, as closing it twice may hit another.
  static void discard(std::int32_t res, closing_fd& lent) noexcept {
    if (!detail::never_ran(res)) lent.release();
  }
};

/// Suspends until no operation holds the file, or until it is asked to stop; gives true if it was not.
class unused_awaiter : detail::scope_link, detail::scoped_waiter {
 public:
  explicit unused_awaiter(detail::descriptor& file) noexcept : file_(file) {}
  unused_awaiter(const unused_awaiter&) = delete;
  unused_awaiter& operator=(const unused_awaiter&) = delete;
  ~unused_awaiter() { file_.closer = nullptr; }
  bool await_ready() const noexcept { return file_.started == 0; }
  void await_suspend(std::coroutine_handle<> h) noexcept {
    detail::context& here = detail::this_context();
    detail::suspend(
        here, *this, *this, h, detail::wait_kind::file_close,
        [](detail::scope_link& self) noexcept { static_cast<unused_awaiter&>(self).stop(); });
    file_.closer_queue = &here.ready;
    if (here.stopped()) {
      here.ready.push_back(*this);
    } else {
      file_.closer = this;
    }
  }
  bool await_resume() const noexcept { return file_.started == 0; }

 private:
  void stop() noexcept {
    if (file_.closer != this) return;  // on its way already
    file_.closer = nullptr;
    file_.closer_queue->push_back(*this);
  }
  detail::descriptor& file_;
};

// Made outside of coroutines: g++ 12 destroys the members of an aggregate twice that is a temporary of a co_await.
detail::operation<close_call> close_operation(int fd) {
  return detail::operation(close_call{closing_fd(fd)});
}

detail::operation<detail::file_call> ftruncate_operation(detail::fd_ref file, std::uint64_t size) {
  return detail::operation(detail::file_call{
      {std::move(file)}, {.code = detail::opcode::ftruncate, .offset = size}, {}});
}

task<result<>> close_file(detail::fd_ref file) {
  if (!file || file->closed)
    co_return std::unexpected(std::make_error_code(std::errc::bad_file_descriptor));
  file->closed = true;
  const bool unused = co_await unused_awaiter(*file.get());
  if (!unused) co_return std::unexpected(make_error_code(errc::canceled));
  if (file->table != nullptr) file->table->leave(*file.get());
  co_return co_await close_operation(std::exchange(file->fd, -1));
}

task<result<>> truncate_file(detail::fd_ref file, std::uint64_t size) {
  if (!detail::position(size).valid())
    co_return std::unexpected(std::make_error_code(std::errc::invalid_argument));
  if (!detail::this_context().io->supports(detail::opcode::ftruncate) && file && !file->closed) {
    if (::ftruncate(file->fd, static_cast<off_t>(size)) == 0) co_return {};
    co_return std::unexpected(detail::kernel_error(-errno));
  }
  co_return co_await ftruncate_operation(std::move(file), size);
}

detail::operation<detail::file_call> fsync_operation(detail::fd_ref file, std::uint32_t flags) {
  return detail::operation(
      detail::file_call{{std::move(file)}, {.code = detail::opcode::fsync, .op_flags = flags}, {}});
}

file_info::time_point time_of(const statx_timestamp& t) noexcept {
  return file_info::time_point(std::chrono::seconds(t.tv_sec) +
                               std::chrono::nanoseconds(t.tv_nsec));
}

detail::path_call name_call(detail::request req, path_text first,
                            const path_text* second = nullptr) {
  detail::paths names{first.copy(), second != nullptr ? second->copy() : detail::path_string()};
  return {{{}, true, std::move(names)}, req, second != nullptr, false, {}};
}

}  // namespace

namespace detail {

failure_code open_base::check(const driver& io) const noexcept {
  if (options.resolve_flags() != 0 && !io.supports(opcode::openat2))
    return failure(errc::not_supported);
  return options.flags() ? check_path() : failure(std::errc::invalid_argument);
}

void open_base::encode(driver& io, slot& s, request& r) const {
  const auto flags = static_cast<std::uint32_t>(*options.flags());
  const std::uint64_t resolve = options.resolve_flags();
  (void)names.encode(io, s, r, resolve != 0 ? sizeof(open_how) : 0);
  r.fd = AT_FDCWD;  // unless start() aims it at the directory
  if (resolve == 0) {
    r.code = opcode::openat;
    r.length = options.mode_bits();
    r.op_flags = flags;
    return;
  }
  const bool creates = (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) != 0;
  const open_how how{
      .flags = flags, .mode = creates ? options.mode_bits() : 0U, .resolve = resolve};
  std::memcpy(s.side, &how, sizeof how);
  r.code = opcode::openat2;
  r.length = sizeof how;
  r.offset = reinterpret_cast<std::uintptr_t>(s.side);
}

result<fd_ref> open_base::opened(std::int32_t res, bool direct) {
  if (res < 0) return std::unexpected(kernel_error(res));
  fd_ref made = fd_ref::own(res);
  if (direct) made->learn_alignment();
  return made;
}

void open_base::discard(std::int32_t res, nothing&) noexcept {
  if (res >= 0) ::close(res);
}

failure_code info_call::check(const driver&) const noexcept {
  return of_open_file ? check_file() : check_path();
}

void info_call::encode(driver& io, slot& s, request& r) const {
  (void)names.encode(io, s, r, sizeof(struct statx));
  r.code = opcode::statx;
  r.fd = AT_FDCWD;
  r.length = STATX_BASIC_STATS | STATX_DIOALIGN;
  r.offset = reinterpret_cast<std::uintptr_t>(s.side);
  const unsigned nofollow = follow ? 0U : static_cast<unsigned>(AT_SYMLINK_NOFOLLOW);
  r.op_flags = of_open_file ? static_cast<unsigned>(AT_EMPTY_PATH) : nofollow;
}

result<file_info> info_call::complete(std::int32_t res, nothing&, slot& s) noexcept {
  if (res < 0) return std::unexpected(kernel_error(res));
  struct statx about{};
  std::memcpy(&about, s.side, sizeof about);
  const bool direct = (about.stx_mask & STATX_DIOALIGN) != 0;
  return file_info{
      .type = type_of(about.stx_mode),
      .permissions = about.stx_mode & 07777U,
      .size = about.stx_size,
      .allocated = about.stx_blocks * 512,
      .user = about.stx_uid,
      .group = about.stx_gid,
      .links = about.stx_nlink,
      .inode = about.stx_ino,
      .device = makedev(about.stx_dev_major, about.stx_dev_minor),
      .accessed = time_of(about.stx_atime),
      .modified = time_of(about.stx_mtime),
      .changed = time_of(about.stx_ctime),
      .direct_memory_alignment = direct ? about.stx_dio_mem_align : 0,
      .direct_offset_alignment = direct ? about.stx_dio_offset_align : 0,
  };
}

}  // namespace detail

detail::operation<detail::open_call<file>> file::open(path_text path, open_options options) {
  return detail::operation(detail::open_call<file>{{{{}, true, {path.copy(), {}}}, options, {}}});
}

file file::from_fd(int fd) {
  detail::fd_ref made = detail::fd_ref::own(fd);
  made->learn_alignment();
  return file(std::move(made));
}

detail::operation<detail::file_call> file::sync_all() const { return fsync_operation(file_, 0); }

detail::operation<detail::file_call> file::sync_data() const {
  return fsync_operation(file_, fsync_datasync);
}

detail::operation<detail::file_call> file::allocate(std::uint64_t offset, std::uint64_t bytes,
                                                    int mode) const {
  return detail::operation(detail::file_call{{file_},
                                             {.code = detail::opcode::fallocate,
                                              .offset = offset,
                                              .address = bytes,
                                              .length = static_cast<std::uint32_t>(mode)},
                                             {}});
}

task<result<>> file::truncate(std::uint64_t size) const { return truncate_file(file_, size); }

detail::operation<detail::info_call> file::info() const {
  return detail::operation(detail::info_call{{{file_}, false, {}}, true, true, {}});
}

detail::operation<detail::info_call> file::info(path_text path, bool follow) {
  return detail::operation(detail::info_call{{{}, true, {path.copy(), {}}}, false, follow, {}});
}

task<result<>> file::close() && { return close_file(std::exchange(file_, {})); }

detail::operation<detail::path_call> file::remove(path_text path) {
  return detail::operation(name_call({.code = detail::opcode::unlinkat}, path));
}

detail::operation<detail::path_call> file::symlink(path_text target, path_text link) {
  return detail::operation(name_call({.code = detail::opcode::symlinkat}, target, &link));
}

detail::operation<detail::path_call> file::hard_link(path_text existing, path_text link) {
  return detail::operation(
      name_call({.code = detail::opcode::linkat, .length = static_cast<std::uint32_t>(AT_FDCWD)},
                existing, &link));
}

detail::operation<detail::path_call> file::rename(path_text from, path_text to, bool replace) {
  constexpr std::uint32_t rename_noreplace = 1;  // RENAME_NOREPLACE
  return detail::operation(name_call({.code = detail::opcode::renameat,
                                      .length = static_cast<std::uint32_t>(AT_FDCWD),
                                      .op_flags = replace ? 0 : rename_noreplace},
                                     from, &to));
}

}  // namespace carousel
