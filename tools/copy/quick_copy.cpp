#include "copy/quick_copy.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "common/owned_descriptor.hpp"
#include "copy/kernel_copy.hpp"
#include "copy/reflink.hpp"
#include "copy/unnamed_file.hpp"

namespace carousel::tool {
namespace {

constexpr std::size_t left_in_row_max = 8;

unsigned long type_of(int fd) noexcept {
  struct statfs about{};
  return ::fstatfs(fd, &about) == 0 ? static_cast<unsigned long>(about.f_type) : 0;
}

/// Sizes are true there, reading stops at the end only, an access control list is listed among the
/// extended attributes, and two files of one device share storage or never do.
bool is_known(unsigned long type) noexcept {
  constexpr std::array<unsigned long, 5> known = {EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,
                                                  BTRFS_SUPER_MAGIC, TMPFS_MAGIC, F2FS_SUPER_MAGIC};
  return std::ranges::find(known, type) != known.end();
}

/// Only if the way to the file is in memory. -1 and errno.
int open_cached(int directory, const char* name) noexcept {
  struct open_how how{};
  // What looked like a file may be a FIFO by now: opening one must not wait for a writer.
  how.flags = O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_CACHED;
  return static_cast<int>(::syscall(SYS_openat2, directory, name, &how, sizeof how));
}

/// All of it, in one call.
bool write(int to, std::span<const std::byte> content) noexcept {
  return ::pwrite(to, content.data(), content.size(), 0) == static_cast<ssize_t>(content.size());
}

/// Whether the file is what it was when `before` was taken.
bool is_unchanged(int fd, const struct stat& before) noexcept {
  struct stat now{};
  return ::fstat(fd, &now) == 0 && now.st_size == before.st_size && !was_touched(before, now);
}

}  // namespace

bool quick_copy::suits(const copy_options& options) noexcept {
  const bool in_order = options.dry_run || options.interactive || options.has_backups();
  const bool more_than_copied = options.verify || options.manifest_file.has_value() ||
                                options.sync != sync_wish::none || options.bytes_per_second != 0;
  return !in_order && !more_than_copied && !options.follows_links() &&
         options.reflink != reflink_wish::always;
}

bool quick_copy::trusts(int source, int target) noexcept {
  return is_known(type_of(source)) && is_known(type_of(target));
}

quick_copy::quick_copy(const copy_options& options, const file_job& first,
                       std::span<std::byte> room, refused_reflink& refused) noexcept
    : options_(options),
      attributes_{options.attributes(), options.archive, true},
      source_(first.open.source.fd()),
      target_(first.open.target.fd()),
      source_device_(first.where->source_id.device),
      target_device_(first.where->target_id.device),
      inherits_acl_(first.where->inherits_acl),
      source_is_memory_(type_of(source_) == TMPFS_MAGIC),
      is_one_memory_(is_one_memory(source_, target_)),
      room_(room),
      refused_(refused) {}

bool quick_copy::is_in_vain() const noexcept { return left_in_row_ == left_in_row_max; }

std::optional<copied_content> quick_copy::copy(const file_job& job) {
  auto done = try_copy(job);
  left_in_row_ = done ? 0 : left_in_row_ + 1;
  return done;
}

std::optional<copied_content> quick_copy::try_copy(const file_job& job) {
  const owned_descriptor from(open_cached(source_, job.source_name.c_str()));
  struct stat about{};
  if (from.fd() < 0 || ::fstat(from.fd(), &about) != 0 || !is_ordinary(about)) return std::nullopt;
  copied_content done{
      static_cast<std::uint64_t>(about.st_size),
      {.reflink_error = why_not_shared(about), .why_not_direct = no_direct::short_file}};
  // As long as a disk may have to bring the content nothing is made.
  const bool reads_first = done.way.reflink_error != 0 && !is_one_memory_;
  if (reads_first && !read(from.fd(), done.size)) return std::nullopt;
  const unsigned mode = about.st_mode & 0777U;
  const owned_descriptor to(open_unnamed(target_, mode));
  if (to.fd() < 0 || !fill(from.fd(), to.fd(), done, reads_first)) return std::nullopt;
  attribute_losses lost;
  if (attributes_.preserve) {
    const struct stat* const made = look_at(to.fd(), mode);
    if (made == nullptr) return std::nullopt;
    lost = copy_attributes(from.fd(), to.fd(), about, *made, attributes_, inherits_acl_);
  }
  if (!is_unchanged(from.fd(), about)) return std::nullopt;
  if (link_unnamed(to.fd(), target_, job.target_name.c_str()) != 0) return std::nullopt;
  if (job.said->names_each()) tell(job, describe(done.way));
  tell_lost(job, lost);
  return done;
}

/// Whether there is nothing about the file but one name and a content that fits.
bool quick_copy::is_ordinary(const struct stat& about) const noexcept {
  const bool has_names = about.st_nlink > 1 && options_.keeps_hard_links();
  return S_ISREG(about.st_mode) && about.st_dev == source_device_ && !has_names &&
         !needs_pieces(about, options_.sparse) &&
         static_cast<std::uint64_t>(about.st_size) <= room_.size();
}

/// 0: it is to be tried.
int quick_copy::why_not_shared(const struct stat& about) const noexcept {
  const int why = why_not_to_share(about, options_.reflink, options_.sparse);
  const bool is_refused = refused_.from == source_device_ && refused_.to == target_device_;
  return why == 0 && is_refused ? refused_.error : why;
}

bool quick_copy::share(int from, int to, chosen_way& way) {
  const auto shared = share_storage(from, to);
  if (shared) {
    way = {content_way::reflink};
    return true;
  }
  way.reflink_error = shared.error().value();
  if (way.reflink_error == EXDEV || way.reflink_error == EOPNOTSUPP)
    refused_ = {source_device_, target_device_, way.reflink_error};
  return false;
}

bool quick_copy::read(int from, std::size_t size) const noexcept {
  const iovec piece{room_.data(), size};
  const ssize_t n =
      size == 0 ? 0 : ::preadv2(from, &piece, 1, 0, source_is_memory_ ? 0 : RWF_NOWAIT);
  return n == static_cast<ssize_t>(size);
}

bool quick_copy::fill(int from, int to, copied_content& done, bool is_read) {
  if (done.way.reflink_error == 0 && share(from, to, done.way)) return true;
  if (done.size == 0) return true;
  if (is_one_memory_) {
    done.way.taken = content_way::in_kernel;
    return copy_in_kernel(from, to, done.size);
  }
  return (is_read || read(from, done.size)) && write(to, room_.first(done.size));
}

/// Null: nobody knows.
const struct stat* quick_copy::look_at(int made, unsigned mode) noexcept {
  if (!last_ || last_->mode != mode) {
    last_.emplace(looks{{}, mode});
    if (::fstat(made, &last_->made) != 0) last_.reset();
  }
  return last_ ? &last_->made : nullptr;
}

}  // namespace carousel::tool
