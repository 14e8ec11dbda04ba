#include "carousel/fs/file.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>

#include "fs/file_type.hpp"

namespace carousel {
namespace {

using detail::from_current_directory;
using detail::opcode;

constexpr std::uint32_t fsync_datasync = 1;  // IORING_FSYNC_DATASYNC
constexpr auto current_directory = static_cast<std::uint32_t>(AT_FDCWD);

task<result<>> truncate_file(detail::fd_ref file, std::uint64_t size) {
  if (!detail::position(size).valid())
    co_return std::unexpected(std::make_error_code(std::errc::invalid_argument));
  if (!detail::this_context().io->supports(opcode::ftruncate) && file &&
      file->state != detail::file_state::closed) {
    if (file->state == detail::file_state::ring_only)
      co_return std::unexpected(make_error_code(errc::not_supported));
    if (::ftruncate(file->fd, static_cast<off_t>(size)) == 0) co_return {};
    co_return std::unexpected(detail::kernel_error(-errno));
  }
  co_return co_await detail::call_on(std::move(file), {.code = opcode::ftruncate, .offset = size});
}

file_info::time_point time_of(const statx_timestamp& t) noexcept {
  return file_info::time_point(std::chrono::seconds(t.tv_sec) +
                               std::chrono::nanoseconds(t.tv_nsec));
}

}  // namespace

namespace detail {

operation<info_call> info_call::of_open(fd_ref file) {
  return operation(
      info_call{from_directory(std::move(file)), subject::open_file, follow_links::yes, {}});
}

operation<info_call> info_call::of_path(path_operation where, path_text path, follow_links follow) {
  return operation(info_call{std::move(where), subject::path, follow, path_block(path.text())});
}

failure_code info_call::check(const driver& io) const noexcept {
  if (of != subject::open_file) return check_path(io, held);
  const failure_code error = check_file(io);
  if (error != 0) return error;
  return file->state == file_state::ring_only ? failure(errc::not_supported) : 0;
}

void info_call::encode(driver& io, slot& s, request& r) const {
  r.code = opcode::statx;
  r.fd = base();
  r.length = STATX_BASIC_STATS | STATX_DIOALIGN;
  r.address = of == subject::open_file ? reinterpret_cast<std::uintptr_t>("") : held.first();
  r.offset = reinterpret_cast<std::uintptr_t>(io.side_block(s, sizeof(struct statx)));
  const unsigned nofollow =
      follow == follow_links::yes ? 0U : static_cast<unsigned>(AT_SYMLINK_NOFOLLOW);
  r.op_flags = of == subject::open_file ? static_cast<unsigned>(AT_EMPTY_PATH) : nofollow;
}

result<file_info> info_call::fail(std::error_code error, path_block&& path) const noexcept {
  return std::unexpected(of == subject::open_file ? note_failure(error, opcode::statx, file.get())
                                                  : failed(error, opcode::statx, path));
}

result<file_info> info_call::complete(std::int32_t res, path_block& path, slot& s) const noexcept {
  if (res < 0) return fail(kernel_error(res), std::move(path));
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

open_operation<file> file::open(path_text path, open_options options) {
  return detail::open_path<file>({}, path, options);
}

file file::from_fd(int fd) { return from_fd(fd, {}); }

file file::from_fd(int fd, const open_options& as) {
  detail::fd_ref made = detail::fd_ref::own(fd);
  made->learn_way();
  if (as.is_inline_io() && made->attempts.may_read()) made->attempts.allow_writes();
  return file(std::move(made));
}

sync_operation file::sync_all() const { return detail::call_on(file_, {.code = opcode::fsync}); }

sync_operation file::sync_data() const {
  return detail::call_on(file_, {.code = opcode::fsync, .op_flags = fsync_datasync});
}

allocate_operation file::allocate(std::uint64_t offset, std::uint64_t bytes, int mode) const {
  return detail::call_on(file_, {.code = opcode::fallocate,
                                 .offset = offset,
                                 .address = bytes,
                                 .length = static_cast<std::uint32_t>(mode)});
}

advise_operation file::advise(file_advice use, std::uint64_t offset, std::uint64_t bytes) const {
  detail::request req{
      .code = opcode::fadvise, .offset = offset, .op_flags = static_cast<std::uint32_t>(use)};
  // The wider field is the younger one.
  if (bytes <= std::numeric_limits<std::uint32_t>::max()) {
    req.length = static_cast<std::uint32_t>(bytes);
  } else {
    req.address = bytes;
  }
  return detail::call_on(file_, req);
}

task<result<>> file::truncate(std::uint64_t size) const { return truncate_file(file_, size); }

info_operation file::info() const { return detail::info_call::of_open(file_); }

info_operation file::info(path_text path, follow_links follow) {
  return detail::info_call::of_path(from_current_directory(), path, follow);
}

info_operation file::info(path_text path, bool follow) { return info(path, follow_links{follow}); }

close_operation file::close() && {
  using call = detail::close_call;
  return detail::operation<call>(std::in_place_type<call>, call::closing(std::exchange(file_, {})));
}

name_operation file::remove(path_text path) {
  return detail::path_call::on(from_current_directory(), {.code = opcode::unlinkat}, path);
}

name_operation file::symlink(path_text target, path_text link) {
  return detail::path_call::on(from_current_directory(), {.code = opcode::symlinkat}, target, link);
}

name_operation file::hard_link(path_text existing, path_text link) {
  return detail::path_call::on(from_current_directory(),
                               {.code = opcode::linkat, .length = current_directory}, existing,
                               link);
}

name_operation file::rename(path_text from, path_text to, if_exists there) {
  constexpr std::uint32_t noreplace = 1;  // RENAME_NOREPLACE
  return detail::path_call::on(from_current_directory(),
                               {.code = opcode::renameat,
                                .length = current_directory,
                                .op_flags = there == if_exists::fail ? noreplace : 0},
                               from, to);
}

name_operation file::rename(path_text from, path_text to, bool replace) {
  return rename(from, to, if_exists{replace});
}

}  // namespace carousel
