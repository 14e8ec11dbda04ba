#include "content.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "extents.hpp"
#include "interruption.hpp"

namespace carousel::tool {
namespace {

constexpr std::size_t block_bytes =
    4096;  // at least the alignment that O_DIRECT wants on every file system we know
constexpr std::size_t lanes_max = 8;  // chunks of one file in flight
constexpr std::uint64_t sparse_bytes_min =
    4097;  // files of sysfs pretend to have 4096 bytes and no blocks

using transfer_result = buf_result<void, fixed_buf>;

std::error_code interruption() noexcept {
  return interrupted() != 0 ? errc::canceled : std::error_code{};
}

/// Until the end of the file, wherever that is: for files whose size says nothing, and small ones.
task<transfer_result> copy_sequentially(file from, file to, fixed_buf lease, std::uint64_t expected,
                                        std::uint64_t& bytes) {
  for (std::uint64_t at = 0;;) {
    if (const std::error_code stop = interruption()) {
      co_return transfer_result(std::unexpected(stop), std::move(lease));
    }
    auto r = co_await from.read_fixed_at(std::move(lease), at);
    if (!r.res) co_return transfer_result(std::unexpected(r.res.error()), std::move(r.buf));
    const std::size_t n = *r.res;
    if (n == 0) co_return transfer_result(result<>{}, std::move(r.buf));
    auto w = co_await to.write_fixed_all_at(std::move(r.buf), at);
    if (!w.res) co_return transfer_result(w.res, std::move(w.buf));
    lease = std::move(w.buf);
    at += n;
    bytes += n;
    if (at == expected && n < lease.capacity())
      co_return transfer_result(result<>{}, std::move(lease));
  }
}

/// The chunks of one large or sparse file, shared by its lanes.
struct chunked_copy {
  file from;
  file to;
  file tail;  ///< buffered: the last bytes of a file need not fill a block
  bool direct = false;
  std::vector<extent> extents;
  std::size_t chunk_bytes = 0;
  std::uint64_t& bytes;
  std::size_t current = 0;
  std::error_code error;

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

task<transfer_result> copy_chunk(chunked_copy& copy, extent chunk, fixed_buf lease) {
  const std::size_t wanted = chunk.end - chunk.begin;
  const std::size_t padded = (wanted + block_bytes - 1) / block_bytes * block_bytes;
  lease.clear();
  auto r = co_await copy.from.read_exact_fixed_at(std::move(lease).slice(0, padded), chunk.begin);
  lease = std::move(r.buf).into_inner();
  // The end of the file inside the padding is no end before its time.
  if (lease.size() < wanted) {
    const std::error_code why = r.res ? make_error_code(errc::end_of_file) : r.res.error();
    co_return transfer_result(std::unexpected(why), std::move(lease));
  }
  const std::size_t whole = copy.direct ? wanted / block_bytes * block_bytes : wanted;
  if (whole != 0) {
    auto w = co_await copy.to.write_fixed_all_at(std::move(lease).slice(0, whole), chunk.begin);
    lease = std::move(w.buf).into_inner();
    if (!w.res) co_return transfer_result(w.res, std::move(lease));
  }
  if (whole != wanted) {
    auto w = co_await copy.tail.write_fixed_all_at(std::move(lease).slice(whole, wanted),
                                                   chunk.begin + whole);
    lease = std::move(w.buf).into_inner();
    if (!w.res) co_return transfer_result(w.res, std::move(lease));
  }
  copy.bytes += wanted;
  co_return transfer_result(result<>{}, std::move(lease));
}

task<fixed_buf> run_lane(chunked_copy& copy, fixed_buf lease) {
  while (!copy.error) {
    copy.error = interruption();
    const std::optional<extent> chunk = copy.error ? std::nullopt : copy.next();
    if (!chunk) break;
    auto r = co_await copy_chunk(copy, *chunk, std::move(lease));
    lease = std::move(r.buf);
    if (!r.res && !copy.error) copy.error = r.res.error();
  }
  co_return lease;
}

task<> run_extra_lane(std::shared_ptr<chunked_copy> copy, fixed_buf lease) {
  const fixed_buf back = co_await run_lane(*copy, std::move(lease));
}

task<transfer_result> copy_in_chunks(std::shared_ptr<chunked_copy> copy, fixed_buf_pool pool,
                                     fixed_buf lease) {
  std::vector<join_handle<void>> lanes;
  const std::size_t capacity = lease.capacity();
  while (lanes.size() + 1 < lanes_max) {
    auto extra = pool.try_next(capacity);
    if (!extra) break;
    lanes.push_back(spawn(run_extra_lane, copy, std::move(*extra)));
  }
  lease = co_await run_lane(*copy, std::move(lease));
  for (auto& lane : lanes) co_await std::move(lane);
  if (copy->error) co_return transfer_result(std::unexpected(copy->error), std::move(lease));
  co_return transfer_result(result<>{}, std::move(lease));
}

/// Opens both ends once more with O_DIRECT; where the file system refuses the copy stays buffered.
task<> go_direct(const open_pair& files, std::shared_ptr<chunked_copy> copy) {
  auto from = co_await file::open(files.source, open_options{}.direct(true));
  if (!from) co_return;
  auto to = co_await file::open(files.target, open_options{}.write(true).direct(true));
  if (!to) co_return;
  const auto info = co_await to->info();
  if (!info || info->direct_offset_alignment == 0 ||
      block_bytes % info->direct_offset_alignment != 0)
    co_return;
  copy->from = std::move(*from);
  copy->to = std::move(*to);
  copy->direct = true;
}

}  // namespace

task<transfer_result> copy_content(const open_pair& files, fixed_buf_pool pool, fixed_buf lease,
                                   std::uint64_t& bytes) {
  const auto size = static_cast<std::uint64_t>(files.about.st_size);
  const bool sparse =
      size >= sparse_bytes_min && static_cast<std::uint64_t>(files.about.st_blocks) * 512 < size;
  const bool chunkable = lease.capacity() % block_bytes == 0;
  if (!chunkable || (!sparse && size < direct_bytes_min)) {
    co_return co_await copy_sequentially(files.from, files.to, std::move(lease), size, bytes);
  }
  std::vector<extent> whole{{0, size}};
  auto copy = std::make_shared<chunked_copy>(
      files.from, files.to, files.to, false,
      sparse ? data_extents(files.from.fd(), size) : std::move(whole), lease.capacity(), bytes);
  if (size >= direct_bytes_min) co_await go_direct(files, copy);
  // Storage in one piece, and "no space" before anything is written. ENOTSUP is no reason to stop.
  result<> sized;
  if (sparse) {
    sized = co_await files.to.truncate(size);
  } else {
    sized = co_await files.to.allocate(0, size);
  }
  if (!sized && sized.error() != std::errc::operation_not_supported) {
    co_return transfer_result(std::unexpected(sized.error()), std::move(lease));
  }
  co_return co_await copy_in_chunks(copy, std::move(pool), std::move(lease));
}

}  // namespace carousel::tool
