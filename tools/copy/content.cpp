#include "copy/content.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "common/interruption.hpp"
#include "common/last_error.hpp"
#include "copy/extents.hpp"

namespace carousel::tool {
namespace {

/// At least the alignment that O_DIRECT wants on every file system we know.
constexpr std::size_t block_bytes = 4096;
constexpr std::size_t lanes_max = 8;  // chunks of one file in flight
/// Files of sysfs pretend to have 4096 bytes and no blocks.
constexpr std::uint64_t sparse_bytes_min = 4097;
constexpr int transient_tries_max = 16;

using transfer_result = buf_result<void, fixed_buf>;

std::error_code interruption() noexcept {
  return interrupted() != 0 ? errc::canceled : std::error_code{};
}

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
    if (const std::error_code stop = interruption()) {
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

/// The chunks of one large or sparse file, shared by its lanes.
struct chunked_copy {
  file from;
  file to;
  bool direct = false;
  bool skips_zeros = false;  ///< what is zero need not be written
  std::vector<extent> extents;
  std::size_t chunk_bytes = 0;
  content_progress& progress;
  std::size_t current = 0;
  std::error_code error;

  /// The first failure is the one that is told.
  std::error_code fail(std::error_code why, std::uint64_t offset, bool writing) noexcept {
    if (!error) progress.failed_at(offset, writing);
    return why;
  }

  [[nodiscard]] std::optional<extent> next() {
    while (current < extents.size()) {
      extent& e = extents[current];
      if (e.begin >= e.end) {
        ++current;
        continue;
      }
      const extent chunk{e.begin, std::min(e.end, e.begin + chunk_bytes)};
      e.begin = chunk.end;
      return chunk;
    }
    return std::nullopt;
  }
};

bool is_zero(std::span<const std::byte> data) noexcept {
  return data.empty() || (data[0] == std::byte{0} &&
                          std::memcmp(data.data(), data.data() + 1, data.size() - 1) == 0);
}

/// The first run of blocks at or after `at` that are not zero; all of the rest where zeros count too.
extent next_run(std::span<const std::byte> data, std::size_t at, bool skips_zeros) noexcept {
  const auto block = [&](std::size_t from) {
    return data.subspan(from, std::min(block_bytes, data.size() - from));
  };
  if (!skips_zeros) return {at, data.size()};
  while (at < data.size() && is_zero(block(at))) at += block_bytes;
  std::size_t end = at;
  while (end < data.size() && !is_zero(block(end))) end += block_bytes;
  return {std::min(at, data.size()), std::min(end, data.size())};
}

/// The end of the file is written as a whole block where the transfers are direct; the size is set when all lanes are done.
task<transfer_result> copy_chunk(chunked_copy& copy, extent chunk, fixed_buf lease) {
  const std::size_t wanted = chunk.end - chunk.begin;
  const std::size_t padded = (wanted + block_bytes - 1) / block_bytes * block_bytes;
  lease.clear();
  auto r = co_await copy.from.read_exact_fixed_at(std::move(lease).slice(0, padded), chunk.begin);
  lease = std::move(r.buf).into_inner();
  // The end of the file inside the padding is no end before its time.
  if (lease.size() < wanted) {
    std::error_code why = r.res ? make_error_code(errc::end_of_file) : r.res.error();
    why = copy.fail(why, chunk.begin + lease.size(), false);
    co_return transfer_result(std::unexpected(why), std::move(lease));
  }
  lease.resize(wanted);
  if (copy.direct) lease.resize(padded);
  for (std::size_t at = 0; at < lease.size();) {
    const extent run = next_run(std::as_const(lease).bytes(), at, copy.skips_zeros);
    if (run.begin < run.end) {
      auto w = co_await copy.to.write_fixed_all_at(std::move(lease).slice(run.begin, run.end),
                                                   chunk.begin + run.begin);
      lease = std::move(w.buf).into_inner();
      if (!w.res) {
        const auto why = copy.fail(w.res.error(), chunk.begin + run.begin, true);
        co_return transfer_result(std::unexpected(why), std::move(lease));
      }
    }
    at = run.end;
  }
  copy.progress.add(wanted);
  co_return transfer_result(result<>{}, std::move(lease));
}

task<> run_lane(std::shared_ptr<chunked_copy> copy, fixed_buf lease) {
  while (!copy->error) {
    copy->error = interruption();
    const std::optional<extent> chunk = copy->error ? std::nullopt : copy->next();
    if (!chunk) break;
    auto r = co_await copy_chunk(*copy, *chunk, std::move(lease));
    lease = std::move(r.buf);
    if (!r.res && !copy->error) copy->error = r.res.error();
  }
}

/// Turns O_DIRECT on for an open file; the file that is returned is another descriptor of it, which knows the alignment.
std::optional<file> go_direct(const file& f) {
  const int flags = ::fcntl(f.fd(), F_GETFL);
  if (flags < 0 || ::fcntl(f.fd(), F_SETFL, flags | O_DIRECT) != 0) return std::nullopt;
  const int again = ::fcntl(f.fd(), F_DUPFD_CLOEXEC, 0);
  if (again >= 0) return file::from_fd(again);
  (void)::fcntl(f.fd(), F_SETFL, flags);
  return std::nullopt;
}

void go_buffered(const file& f) noexcept {
  const int flags = ::fcntl(f.fd(), F_GETFL);
  if (flags >= 0) (void)::fcntl(f.fd(), F_SETFL, flags & ~O_DIRECT);
}

task<bool> takes_blocks(const file& f) {
  const auto info = co_await f.info();
  co_return info && info->direct_offset_alignment != 0 &&
      block_bytes % info->direct_offset_alignment == 0;
}

/// Where a file system refuses, the copy stays buffered.
task<> go_direct(const content_ends& ends, chunked_copy& copy) {
  const bool reads_blocks = co_await takes_blocks(ends.from);
  const bool writes_blocks = co_await takes_blocks(ends.to);
  if (!reads_blocks || !writes_blocks) co_return;
  auto from = go_direct(ends.from);
  auto to = from ? go_direct(ends.to) : std::nullopt;
  if (!to) {
    go_buffered(ends.from);
    co_return;
  }
  copy.from = std::move(*from);
  copy.to = std::move(*to);
  copy.direct = true;
}

task<result<>> copy_in_chunks(const content_ends& ends, copy_buffers& buffers, bool sparse,
                              content_progress& progress) {
  const auto size = static_cast<std::uint64_t>(ends.about.st_size);
  auto lease = co_await buffers.large();
  if (!lease) co_return std::unexpected(lease.error());
  std::vector<extent> whole{{0, size}};
  auto copy = std::make_shared<chunked_copy>(ends.from, ends.to, false, false, std::move(whole),
                                             lease->capacity(), progress);
  if (sparse) {
    data_map data = data_of(ends.from.fd(), size);
    copy->extents = std::move(data.extents);
    copy->skips_zeros = !data.trusted;
  } else {
    // Storage in one piece, and "no space" before anything is written. ENOTSUP is no reason to stop.
    const auto sized = co_await ends.to.allocate(0, size);
    progress.failed_at(0, true);
    if (!sized && sized.error() != std::errc::operation_not_supported) co_return sized;
  }
  if (size >= direct_bytes_min) co_await go_direct(ends, *copy);
  std::vector<join_handle<void>> lanes;
  lanes.push_back(spawn(run_lane, copy, std::move(*lease)));
  while (lanes.size() < lanes_max) {
    auto extra = buffers.another_large();
    if (!extra) break;
    lanes.push_back(spawn(run_lane, copy, std::move(*extra)));
  }
  for (auto& lane : lanes) co_await std::move(lane);
  if (copy->direct) {
    go_buffered(ends.from);
    go_buffered(ends.to);
  }
  if (copy->error) co_return std::unexpected(copy->error);
  co_return co_await ends.to.truncate(size);
}

}  // namespace

task<transfer_result> copy_content(content_ends ends, copy_buffers& buffers, fixed_buf lease,
                                   content_progress& progress) {
  const auto size = static_cast<std::uint64_t>(ends.about.st_size);
  const bool sparse =
      size >= sparse_bytes_min && static_cast<std::uint64_t>(ends.about.st_blocks) * 512 < size;
  if (!sparse && size < direct_bytes_min) {
    co_return co_await copy_sequentially(ends, std::move(lease), progress);
  }
  auto copied = co_await copy_in_chunks(ends, buffers, sparse, progress);
  co_return transfer_result(copied, std::move(lease));
}

}  // namespace carousel::tool
