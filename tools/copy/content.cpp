#include "copy/content.hpp"

#include <unistd.h>

#include <span>
#include <utility>

#include "common/interruption.hpp"
#include "common/last_error.hpp"
#include "copy/extents.hpp"
#include "copy/piecewise_copy.hpp"

namespace carousel::tool {
namespace {

/// Files of sysfs pretend to have 4096 bytes and no blocks.
constexpr std::uint64_t sparse_bytes_min = 4097;
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

/// As file::read_at, but asks a file that claims to be empty all the same: FUSE does not do so for asynchronous reads.
buf_result<std::size_t, fixed_buf> read_unsized(int fd, fixed_buf lease, std::uint64_t at) {
  lease.clear();
  const ssize_t n = ::pread(fd, lease.spare().data(), lease.capacity(), static_cast<off_t>(at));
  if (n < 0) {
    const std::error_code why = last_error();
    return {std::unexpected(why), std::move(lease)};
  }
  lease.commit(static_cast<std::size_t>(n));
  return {static_cast<std::size_t>(n), std::move(lease)};
}

/// Of files that are small, or whose size says nothing: those end where reading says so.
task<transfer_result> copy_sequentially(const content_ends& ends, fixed_buf lease,
                                        content_progress& progress) {
  const auto size = static_cast<std::uint64_t>(ends.about.st_size);
  const bool sized = size != 0 && ends.about.st_blocks != 0;
  int tries = 0;
  for (std::uint64_t at = 0; !sized || at < size;) {
    if (const std::error_code stop = interruption_error()) {
      co_return transfer_result(std::unexpected(stop), std::move(lease));
    }
    result<std::size_t> read;
    if (sized) {
      auto r = co_await ends.from.read_at(std::move(lease), at);
      lease = std::move(r.buf);
      read = r.res;
    } else {
      auto r = read_unsized(ends.from.fd(), std::move(lease), at);
      lease = std::move(r.buf);
      read = r.res;
    }
    if (!read && is_transient(read.error()) && ++tries < transient_tries_max) {
      co_await yield();
      continue;
    }
    progress.failed_at(at, false);
    if (!read) co_return transfer_result(std::unexpected(read.error()), std::move(lease));
    if (*read == 0) {
      if (!sized) break;
      co_return transfer_result(std::unexpected(make_error_code(errc::end_of_file)),
                                std::move(lease));
    }
    if (sized && size - at < *read) lease.resize(size - at);
    progress.failed_at(at, true);
    const auto written = write(ends.to.fd(), std::as_const(lease).bytes(), at);
    if (!written) co_return transfer_result(written, std::move(lease));
    at += lease.size();
    progress.add(lease.size());
  }
  co_return transfer_result(result<>{}, std::move(lease));
}

}  // namespace

task<transfer_result> copy_content(content_ends ends, copy_buffers& buffers, fixed_buf lease,
                                   content_progress& progress) {
  const auto size = static_cast<std::uint64_t>(ends.about.st_size);
  data_map data{{{0, size}}, true};
  // Compressed storage is less than the size as well.
  if (size >= sparse_bytes_min && static_cast<std::uint64_t>(ends.about.st_blocks) * 512 < size)
    data = data_of(ends.from.fd(), size);
  const bool sparse = !data.trusted || !data.is_whole(size);
  if (!sparse && size < direct_bytes_min)
    co_return co_await copy_sequentially(ends, std::move(lease), progress);
  auto copied = co_await copy_in_pieces(ends, std::move(data), buffers, progress);
  co_return transfer_result(copied, std::move(lease));
}

}  // namespace carousel::tool
