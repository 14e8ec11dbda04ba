#include "copy/content.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "common/extents.hpp"
#include "common/last_error.hpp"
#include "common/read_behind.hpp"
#include "common/same_time.hpp"
#include "copy/kernel_copy.hpp"
#include "copy/piecewise_copy.hpp"

namespace carousel::tool {
namespace {

/// Files of sysfs pretend to have 4096 bytes and no blocks: up to there only who is trusted is
/// believed.
constexpr std::uint64_t pretended_bytes_max = 4096;
constexpr int transient_tries_max = 16;
/// As open_options::inline_io has it.
constexpr std::size_t inline_write_max = std::size_t{64} << 10U;

using step = content_progress::step;
using transfer_result = buf_result<std::uint64_t, fixed_buf>;
using content_result = buf_result<copied_content, fixed_buf>;

bool is_transient(const std::error_code& why) noexcept {
  return why == std::errc::interrupted || why == std::errc::resource_unavailable_try_again;
}

/// In steps that the loop's thread writes itself.
task<transfer_result> write(const file& to, fixed_buf lease, std::uint64_t at) {
  const std::size_t size = lease.size();
  int tries = 0;
  for (std::size_t done = 0; done < size;) {
    const std::size_t end = std::min(size, done + inline_write_max);
    auto w = co_await to.write_all_at(std::move(lease).slice(done, end), at + done);
    lease = std::move(w.buf).into_inner();
    if (w.res)
      done = end;
    else if (!is_transient(w.res.error()) || ++tries == transient_tries_max)
      co_return transfer_result(std::unexpected(w.res.error()), std::move(lease));
  }
  co_return transfer_result(size, std::move(lease));
}

/// Compressed storage is less than the size as well; that of a small file may be rounded down to
/// what st_blocks counts.
bool may_have_holes(const struct stat& about) noexcept {
  constexpr std::uint64_t counted_bytes = 512;
  const auto size = static_cast<std::uint64_t>(about.st_size);
  const std::uint64_t rounding = size <= pretended_bytes_max ? counted_bytes - 1 : 0;
  return static_cast<std::uint64_t>(about.st_blocks) * counted_bytes + rounding < size;
}

/// Whether there is more to read than the size said when the copy began, because it was written
/// meanwhile.
bool has_grown(const content_ends& ends) noexcept {
  struct stat now{};
  return ::fstat(ends.from.fd(), &now) == 0 && now.st_size > ends.about.st_size;
}

/// From one offset to where reading says that the file ends, which is the result: the size is no
/// more than a hint on FUSE and in /proc and /sys.
task<transfer_result> copy_sequentially(const content_ends& ends, std::uint64_t at, fixed_buf lease,
                                        rate_limit& limit, content_progress& progress) {
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
    progress.failed_at(at, step::reading);
    if (!read) co_return transfer_result(std::unexpected(read.error()), std::move(lease));
    if (*read == 0 && inside && was_written(ends.from.fd(), ends.about))
      co_return transfer_result(std::unexpected(make_error_code(errc::end_of_file)),
                                std::move(lease));
    // A writer that is quicker than the copy would keep it for ever.
    if (*read == 0 || (!inside && has_grown(ends))) break;
    if (inside && size - at < *read) lease.resize(size - at);
    if (limit.limits()) co_await limit.pass(lease.size());
    progress.failed_at(at, step::writing);
    auto written = co_await write(ends.to, std::move(lease), at);
    if (!written.res) co_return written;
    lease = std::move(written.buf);
    at += lease.size();
    progress.add(lease.size());
  }
  co_return transfer_result(at, std::move(lease));
}

}  // namespace

bool needs_pieces(const struct stat& about, sparse_wish sparse) noexcept {
  return static_cast<std::uint64_t>(about.st_size) >= direct_bytes_min || may_have_holes(about) ||
         (sparse == sparse_wish::always && about.st_size != 0);
}

bool was_written(const struct stat& before, const struct stat& now) noexcept {
  return !is_same_time(now.st_mtim, before.st_mtim);
}

bool was_touched(const struct stat& before, const struct stat& now) noexcept {
  return was_written(before, now) || !is_same_time(now.st_ctim, before.st_ctim);
}

bool was_written(int fd, const struct stat& before) noexcept {
  struct stat now{};
  return ::fstat(fd, &now) == 0 && was_written(before, now);
}

/// A file of nothing may have a content all the same, in /proc.
int why_not_to_share(const struct stat& about, reflink_wish reflink, sparse_wish sparse) noexcept {
  if (sparse != sparse_wish::automatic) return reflink_not_as_sparse;
  if (reflink == reflink_wish::never) return reflink_not_wanted;
  return reflink == reflink_wish::automatic && about.st_size == 0 ? reflink_not_needed : 0;
}

std::optional<result<copied_content>> share_content(const content_ends& ends,
                                                    const content_wishes& wishes,
                                                    copied_content& done,
                                                    content_progress& progress) {
  done.way.reflink_error = why_not_to_share(ends.about, wishes.reflink, wishes.sparse);
  if (done.way.reflink_error != 0) return std::nullopt;
  progress.failed_at(0, step::sharing);
  const auto shared = share_storage(ends.from.fd(), ends.to.fd());
  if (shared) {
    struct stat made{};
    struct stat now{};
    if (::fstat(ends.to.fd(), &made) != 0 || ::fstat(ends.from.fd(), &now) != 0)
      return std::unexpected(last_error());
    const auto size = static_cast<std::uint64_t>(made.st_size);
    progress.add(size);
    const bool is_of_then = made.st_size == ends.about.st_size && !was_touched(ends.about, now);
    return copied_content{size, {content_way::reflink}, is_of_then};
  }
  const std::error_code why = shared.error();
  done.way.reflink_error = why.value();
  if (wishes.reflink == reflink_wish::always || why == std::errc::io_error)
    return std::unexpected(why);
  return std::nullopt;
}

data_map data_to_copy(const content_ends& ends, sparse_wish wish) {
  return data_to_copy(ends, wish, {0, static_cast<std::uint64_t>(ends.about.st_size)});
}

data_map data_to_copy(const content_ends& ends, sparse_wish wish, extent part) {
  const auto size = static_cast<std::uint64_t>(ends.about.st_size);
  data_map data{.extents = {part}};
  if (wish == sparse_wish::never) return data;
  if (may_have_holes(ends.about)) data = data_of(ends.from.fd(), part);
  if (!data.trusted && size <= pretended_bytes_max) data.trusted = true;
  if (wish == sparse_wish::always && size != 0) data.trusted = false;
  return data;
}

task<content_result> copy_content(content_ends ends, content_wishes wishes, copy_buffers& buffers,
                                  fixed_buf lease, content_progress& progress) {
  copied_content done;
  if (auto shared = share_content(ends, wishes, done, progress))
    co_return content_result(std::move(*shared), std::move(lease));
  const auto size = static_cast<std::uint64_t>(ends.about.st_size);
  data_map data = data_to_copy(ends, wishes.sparse);
  const bool sparse = !data.trusted || !data.is_whole(size);
  done.way.why_not_direct = no_direct::short_file;
  if (sparse || size >= direct_bytes_min) {
    const auto copied =
        co_await copy_in_pieces(ends, std::move(data), buffers, wishes, done.way, progress);
    if (!copied) co_return content_result(std::unexpected(copied.error()), std::move(lease));
    done.size = *copied;
    if (*copied < size) co_return content_result(done, std::move(lease));
  } else if (size != 0 && !wishes.limit->limits() && is_one_memory(ends.from.fd(), ends.to.fd()) &&
             copy_in_kernel(ends.from.fd(), ends.to.fd(), size)) {
    done.way.taken = content_way::in_kernel;
    done.size = size;
    progress.add(size);
  }
  auto rest =
      co_await copy_sequentially(ends, done.size, std::move(lease), *wishes.limit, progress);
  if (!rest.res) co_return content_result(std::unexpected(rest.res.error()), std::move(rest.buf));
  done.size = *rest.res;
  co_return content_result(done, std::move(rest.buf));
}

}  // namespace carousel::tool
