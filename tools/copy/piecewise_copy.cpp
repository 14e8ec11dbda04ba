#include "copy/piecewise_copy.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "common/interruption.hpp"
#include "common/last_error.hpp"
#include "copy/cache_trail.hpp"
#include "copy/descriptors.hpp"
#include "copy/pieces.hpp"
#include "copy/storage.hpp"

namespace carousel::tool {
namespace {

constexpr std::size_t lanes_max = 8;  // pieces of one file in flight
/// Large buffers begin at a page.
constexpr std::size_t memory_alignment = 4096;
/// Zeros that are not written where nobody said what is a hole come in runs of blocks.
constexpr std::uint64_t zero_block_bytes = 4096;

using step = content_progress::step;
using piece_result = buf_result<void, fixed_buf>;

/// One file, shared by its lanes.
struct piecewise_copy {
  file from;
  file to;
  std::uint64_t end;    ///< of the file: less than its size when reading has said so
  std::uint64_t grain;  ///< 1: through the page cache
  bool skips_zeros;     ///< what is zero need not be written
  pieces plan;
  rate_limit& limit;
  content_progress& progress;
  std::error_code error;
  std::optional<cache_trail> trail;  ///< none: around the page cache, or not worth it

  /// The first failure is the one that is told.
  std::error_code fail(std::error_code why, std::uint64_t offset, step doing) noexcept {
    if (!error) progress.failed_at(offset, doing);
    return why;
  }
};

bool is_zero(std::span<const std::byte> data) noexcept {
  return data.empty() || (data[0] == std::byte{0} &&
                          std::memcmp(data.data(), data.data() + 1, data.size() - 1) == 0);
}

/// The first run of blocks at or after `at` that are not zero; all of the rest where zeros count
/// too.
extent next_run(std::span<const std::byte> data, std::size_t at, std::size_t block_bytes) noexcept {
  const auto block = [&](std::size_t from) {
    return data.subspan(from, std::min(block_bytes, data.size() - from));
  };
  if (block_bytes == 0) return {at, data.size()};
  while (at < data.size() && is_zero(block(at))) at += block_bytes;
  std::size_t end = at;
  while (end < data.size() && !is_zero(block(end))) end += block_bytes;
  return {std::min(at, data.size()), std::min(end, data.size())};
}

/// Behind the end of the file a piece is filled with zeros, which go when the size is set.
task<piece_result> copy_piece(piecewise_copy& copy, extent piece, fixed_buf lease) {
  const std::size_t padded = piece.end - piece.begin;
  const std::size_t wanted = std::min(piece.end, copy.end) - piece.begin;
  lease.clear();
  auto r = co_await copy.from.read_exact_fixed_at(std::move(lease).slice(0, padded), piece.begin);
  lease = std::move(r.buf).into_inner();
  // The end of the file inside the padding is no end before its time.
  const std::size_t got = std::min(lease.size(), wanted);
  if (got < wanted) {
    if (!r.res && r.res.error() != errc::end_of_file) {
      const auto why = copy.fail(r.res.error(), piece.begin + got, step::reading);
      co_return piece_result(std::unexpected(why), std::move(lease));
    }
    copy.end = std::min(copy.end, piece.begin + got);
  }
  if (copy.limit.limits()) co_await copy.limit.pass(got);
  lease.resize(got);
  lease.resize((got + copy.grain - 1) / copy.grain * copy.grain);
  const std::size_t block_bytes = copy.skips_zeros ? std::max(zero_block_bytes, copy.grain) : 0;
  for (std::size_t at = 0; at < lease.size();) {
    const extent run = next_run(std::as_const(lease).bytes(), at, block_bytes);
    if (run.begin < run.end) {
      auto w = co_await copy.to.write_all_fixed_at(std::move(lease).slice(run.begin, run.end),
                                                   piece.begin + run.begin);
      lease = std::move(w.buf).into_inner();
      if (!w.res) {
        const auto why = copy.fail(w.res.error(), piece.begin + run.begin, step::writing);
        co_return piece_result(std::unexpected(why), std::move(lease));
      }
    }
    at = run.end;
  }
  if (copy.trail) {
    const auto passed = co_await copy.trail->pass({piece.begin, piece.begin + got});
    if (!passed) {
      const auto why = copy.fail(passed.error(), piece.begin, step::writing);
      co_return piece_result(std::unexpected(why), std::move(lease));
    }
  }
  copy.progress.add(got);
  co_return piece_result(result<>{}, std::move(lease));
}

task<> run_lane(std::shared_ptr<piecewise_copy> copy, fixed_buf lease) {
  while (!copy->error) {
    copy->error = interruption_error();
    const std::optional<extent> piece = copy->error ? std::nullopt : copy->plan.next();
    if (!piece || piece->begin >= copy->end) break;
    auto r = co_await copy_piece(*copy, *piece, std::move(lease));
    lease = std::move(r.buf);
    if (!r.res && !copy->error) copy->error = r.res.error();
  }
}

/// Turns O_DIRECT on for an open file; the file that is given is another descriptor of it, which
/// knows the alignment. Error: not_supported, or there is no descriptor for it.
result<file> go_direct(const file& f) {
  const int flags = ::fcntl(f.fd(), F_GETFL);
  if (flags < 0 || ::fcntl(f.fd(), F_SETFL, flags | O_DIRECT) != 0)
    return std::unexpected(make_error_code(errc::not_supported));
  const int again = ::fcntl(f.fd(), F_DUPFD_CLOEXEC, 0);
  if (again >= 0) return file::from_fd(again);
  const std::error_code why = last_error();
  (void)::fcntl(f.fd(), F_SETFL, flags);
  return std::unexpected(why);
}

void go_buffered(const file& f) noexcept {
  const int flags = ::fcntl(f.fd(), F_GETFL);
  if (flags >= 0) (void)::fcntl(f.fd(), F_SETFL, flags & ~O_DIRECT);
}

/// The files as the lanes use them, and what their transfers are multiples of.
struct transfer_ends {
  file from;
  file to;
  std::uint64_t grain = 1;
  no_direct why = no_direct::none;
  [[nodiscard]] bool direct() const noexcept { return grain != 1; }
};

/// Through the page cache, where the file is short, a file system refuses direct transfers or would
/// not compress them, a buffer is too small for one, the last of them would go beyond the last
/// offset that there is, or `settles` says that descriptors need not be waited for. Error: there
/// are none.
task<result<transfer_ends>> choose_ends(const content_ends& ends, bool compressed,
                                        std::size_t buffer_bytes, bool settles) {
  transfer_ends buffered{ends.from, ends.to};
  const auto because = [&](no_direct why) {
    buffered.why = why;
    return std::move(buffered);
  };
  const auto size = static_cast<std::uint64_t>(ends.about.st_size);
  if (size < direct_bytes_min) co_return because(no_direct::short_file);
  if (compressed) co_return because(no_direct::compressed);
  const std::uint64_t reads = co_await direct_grain(ends.from, memory_alignment);
  const std::uint64_t writes = co_await direct_grain(ends.to, memory_alignment);
  if (reads == 0 || writes == 0) co_return because(no_direct::not_possible);
  const std::uint64_t grain = std::lcm(reads, writes);
  if (grain > buffer_bytes) co_return because(no_direct::small_buffer);
  if (size > offset_max - grain) co_return because(no_direct::last_offset);
  auto from = go_direct(ends.from);
  auto to = from ? go_direct(ends.to) : from;
  if (!to) {
    go_buffered(ends.from);
    if (!out_of_descriptors(to.error())) co_return because(no_direct::not_possible);
    if (!settles) co_return std::unexpected(to.error());
    co_return because(no_direct::descriptors);
  }
  transfer_ends direct{std::move(*from), std::move(*to), grain};
  co_return direct;
}

/// A file that has the size is left in peace: the kernel would wait until nobody writes to it.
task<result<>> set_size(const file& to, std::uint64_t size) {
  struct stat about{};
  if (::fstat(to.fd(), &about) == 0 && static_cast<std::uint64_t>(about.st_size) == size)
    co_return result<>{};
  co_return co_await to.truncate(size);
}

/// Holes are given their place at once, so that no piece is written behind the end; storage for a
/// file without any comes in one piece, and "no space" before anything is written. It is no use for
/// what will be compressed.
task<result<>> make_room(const content_ends& ends, bool sparse, bool compressed) {
  const auto size = static_cast<std::uint64_t>(ends.about.st_size);
  if (sparse) co_return co_await set_size(ends.to, size);
  if (compressed) co_return result<>{};
  auto allocated = co_await ends.to.allocate(0, size);
  if (!allocated && !leaves_no_room(ends.to.fd(), allocated.error())) allocated = {};
  co_return allocated;
}

bool is_sparse(const data_map& data, std::uint64_t size) noexcept {
  return !data.trusted || !data.is_whole(size);
}

}  // namespace

std::error_code interruption_error() noexcept {
  return interrupted() != 0 ? errc::canceled : std::error_code{};
}

task<result<>> make_room_for_parts(const content_ends& ends, const data_map& data) {
  const auto size = static_cast<std::uint64_t>(ends.about.st_size);
  const result<bool> compressed = compresses(ends.to.fd());
  if (!compressed) co_return std::unexpected(compressed.error());
  const auto room = co_await make_room(ends, is_sparse(data, size), *compressed);
  if (!room) co_return room;
  co_return co_await set_size(ends.to, size);
}

task<result<std::uint64_t>> copy_in_pieces(content_ends ends, data_map data, copy_buffers& buffers,
                                           const content_wishes& wishes, chosen_way& way,
                                           content_progress& progress) {
  rate_limit& limit = *wishes.limit;
  const auto size = static_cast<std::uint64_t>(ends.about.st_size);
  auto lease = co_await buffers.large();
  if (!lease) co_return std::unexpected(lease.error());
  progress.failed_at(0, step::writing);
  const result<bool> compressed = size >= direct_bytes_min ? compresses(ends.to.fd()) : false;
  if (!compressed) co_return std::unexpected(compressed.error());
  const auto room = co_await make_room(ends, is_sparse(data, size), *compressed);
  if (!room) co_return std::unexpected(room.error());
  const std::size_t buffer_bytes = lease->capacity();
  auto chosen = co_await choose_ends(ends, *compressed, buffer_bytes, wishes.settles);
  if (!chosen) co_return std::unexpected(chosen.error());
  transfer_ends taken = std::move(*chosen);
  const bool direct = taken.direct();
  way.taken = direct ? content_way::direct : content_way::buffered;
  way.why_not_direct = taken.why;
  auto copy = std::make_shared<piecewise_copy>(
      std::move(taken.from), std::move(taken.to), size, taken.grain, !data.trusted,
      pieces(std::move(data.extents), taken.grain,
             limit.portion(buffer_bytes / taken.grain * taken.grain, taken.grain)),
      limit, progress);
  if (!direct && size >= direct_bytes_min) copy->trail.emplace(copy->from, copy->to);
  std::vector<join_handle<void>> lanes;
  lanes.push_back(spawn(run_lane, copy, std::move(*lease)));
  while (lanes.size() < lanes_max) {
    auto extra = buffers.another_large();
    if (!extra) break;
    lanes.push_back(spawn(run_lane, copy, std::move(*extra)));
  }
  for (auto& lane : lanes) co_await std::move(lane);
  if (direct) {
    go_buffered(ends.from);
    go_buffered(ends.to);
  }
  if (copy->error) co_return std::unexpected(copy->error);
  const std::uint64_t end = copy->end;
  if (end < size && was_written(ends.from.fd(), ends.about)) {
    progress.failed_at(end, step::reading);
    co_return std::unexpected(make_error_code(errc::end_of_file));
  }
  progress.failed_at(end, step::writing);
  const auto sized = co_await set_size(ends.to, end);
  if (!sized) co_return std::unexpected(sized.error());
  co_return end;
}

}  // namespace carousel::tool
