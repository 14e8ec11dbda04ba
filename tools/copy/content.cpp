#include "copy/content.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <utility>

#include "common/last_error.hpp"
#include "copy/extents.hpp"
#include "copy/piecewise_copy.hpp"

namespace carousel::tool {
namespace {

/// Files of sysfs pretend to have 4096 bytes and no blocks: up to there only who is trusted is believed.
constexpr std::uint64_t pretended_bytes_max = 4096;
constexpr int transient_tries_max = 16;

using transfer_result = buf_result<void, fixed_buf>;

bool is_transient(const std::error_code& why) noexcept {
  return why == std::errc::interrupted || why == std::errc::resource_unavailable_try_again;
}

/// Into the page cache, which is quicker than the way to a worker thread of the kernel, where io_uring sends such writes.
result<> write(int fd, std::span<const std::byte> data, std::uint64_t at) {
  int tries = 0;
  while (!data.empty()) {
    const ssize_t n = ::pwrite(fd, data.data(), data.size(), static_cast<off_t>(at));
    if (n > 0) {
      data = data.subspan(static_cast<std::size_t>(n));
      at += static_cast<std::uint64_t>(n);
      continue;
    }
    const std::error_code why = n == 0 ? make_error_code(errc::write_zero) : last_error();
    if (!is_transient(why) || ++tries == transient_tries_max) return std::unexpected(why);
  }
  return {};
}

/// Compressed storage is less than the size as well; that of a small file may be rounded down to what st_blocks counts.
bool may_have_holes(const struct stat& about) noexcept {
  constexpr std::uint64_t counted_bytes = 512;
  const auto size = static_cast<std::uint64_t>(about.st_size);
  const std::uint64_t rounding = size <= pretended_bytes_max ? counted_bytes - 1 : 0;
  return static_cast<std::uint64_t>(about.st_blocks) * counted_bytes + rounding < size;
}

/// Whether there is more to read than the size said when the copy began, because it was written meanwhile.
bool has_grown(const content_ends& ends) noexcept {
  struct stat now{};
  return ::fstat(ends.from.fd(), &now) == 0 && now.st_size > ends.about.st_size;
}

/// From one offset to where reading says that the file ends: the size is no more than a hint on FUSE and in /proc and /sys.
task<transfer_result> copy_sequentially(const content_ends& ends, std::uint64_t at, fixed_buf lease,
                                        content_progress& progress) {
  const auto size = static_cast<std::uint64_t>(ends.about.st_size);
  const bool sized = size != 0 && ends.about.st_blocks != 0;
  int tries = 0;
  for (;;) {
    if (const std::error_code stop = interruption_error())
      co_return transfer_result(std::unexpected(stop), std::move(lease));
    const bool inside = sized && at < size;
    result<std::size_t> read;
    if (inside) {
      auto r = co_await ends.from.read_at(std::move(lease), at);
      lease = std::move(r.buf);
      read = r.res;
    } else {
      auto r = read_behind(ends.from.fd(), std::move(lease), at);
      lease = std::move(r.buf);
      read = r.res;
    }
    if (!read && is_transient(read.error()) && ++tries < transient_tries_max) {
      co_await yield();
      continue;
    }
    progress.failed_at(at, false);
    if (!read) co_return transfer_result(std::unexpected(read.error()), std::move(lease));
    if (*read == 0 && inside && was_written(ends.from.fd(), ends.about))
      co_return transfer_result(std::unexpected(make_error_code(errc::end_of_file)),
                                std::move(lease));
    // A writer that is quicker than the copy would keep it for ever.
    if (*read == 0 || (!inside && has_grown(ends))) break;
    if (inside && size - at < *read) lease.resize(size - at);
    progress.failed_at(at, true);
    const auto written = write(ends.to.fd(), std::as_const(lease).bytes(), at);
    if (!written) co_return transfer_result(written, std::move(lease));
    at += lease.size();
    progress.add(lease.size());
  }
  progress.ended_at(at);
  co_return transfer_result(result<>{}, std::move(lease));
}

}  // namespace

bool was_written(int fd, const struct stat& before) noexcept {
  struct stat now{};
  return ::fstat(fd, &now) == 0 && (now.st_mtim.tv_sec != before.st_mtim.tv_sec ||
                                    now.st_mtim.tv_nsec != before.st_mtim.tv_nsec);
}

buf_result<std::size_t, fixed_buf> read_behind(int fd, fixed_buf lease, std::uint64_t at) {
  lease.clear();
  const std::uint64_t length = std::min<std::uint64_t>(lease.capacity(), offset_max - at);
  const ssize_t n = ::pread(fd, lease.spare().data(), length, static_cast<off_t>(at));
  if (n < 0) {
    const std::error_code why = last_error();
    return {std::unexpected(why), std::move(lease)};
  }
  lease.commit(static_cast<std::size_t>(n));
  return {static_cast<std::size_t>(n), std::move(lease)};
}

task<transfer_result> copy_content(content_ends ends, copy_buffers& buffers, fixed_buf lease,
                                   content_progress& progress) {
  const auto size = static_cast<std::uint64_t>(ends.about.st_size);
  data_map data{{{0, size}}, true};
  if (may_have_holes(ends.about)) data = data_of(ends.from.fd(), size);
  if (!data.trusted && size <= pretended_bytes_max) data.trusted = true;
  const bool sparse = !data.trusted || !data.is_whole(size);
  std::uint64_t end = 0;
  if (sparse || size >= direct_bytes_min) {
    const auto copied = co_await copy_in_pieces(ends, std::move(data), buffers, progress);
    if (!copied) co_return transfer_result(std::unexpected(copied.error()), std::move(lease));
    progress.ended_at(*copied);
    if (*copied < size) co_return transfer_result(result<>{}, std::move(lease));
    end = size;
  }
  co_return co_await copy_sequentially(ends, end, std::move(lease), progress);
}

}  // namespace carousel::tool
