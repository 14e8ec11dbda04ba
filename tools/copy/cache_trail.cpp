#include "copy/cache_trail.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

#include "carousel/ext/operation.hpp"

namespace carousel::tool {
namespace {

constexpr std::uint64_t window_bytes = std::uint64_t{8} << 20U;
/// The page cache keeps pieces of up to so many bytes, at multiples of their size, and drops one
/// only as a whole.
constexpr std::uint64_t folio_bytes_max = std::uint64_t{2} << 20U;

/// Whether no page of a file is in the page cache, as cachestat(2) tells it (Linux 6.5). Where
/// nobody tells, some may be, and somebody may need them.
[[nodiscard]] bool is_cold(int fd) noexcept {
  constexpr long cachestat = 451;
  std::array<std::uint64_t, 2> all{};    // offset and length; 0: to the end
  std::array<std::uint64_t, 5> pages{};  // the first: in the cache
  return ::syscall(cachestat, fd, all.data(), pages.data(), 0U) == 0 && pages[0] == 0;
}

enum class wait_for_disk : bool { no, yes };

/// sync_file_range(2), in a worker of the ring.
struct write_back_call : ext::file_operation {
  extent range;
  wait_for_disk waits;

  using resources = ext::nothing;
  using output = result<>;
  using lends = ext::lends_nothing;
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_file;
  resources held;

  [[nodiscard]] ext::failure_code check(const ext::driver& io) const noexcept {
    return check_file(io);
  }
  void encode(ext::driver& io, ext::slot&, ext::request& r) const noexcept {
    constexpr ext::opcode sync_file_range{8};  // IORING_OP_SYNC_FILE_RANGE, Linux 5.2
    constexpr std::uint32_t to_the_end = 0;
    const std::uint64_t bytes = range.end - range.begin;
    r.code = sync_file_range;
    r.offset = range.begin;
    r.length = bytes <= std::numeric_limits<std::uint32_t>::max()
                   ? static_cast<std::uint32_t>(bytes)
                   : to_the_end;
    r.op_flags = waits == wait_for_disk::no ? SYNC_FILE_RANGE_WRITE
                                            : SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
                                                  SYNC_FILE_RANGE_WAIT_AFTER;
    name_file(io, r);
  }
  static output complete(std::int32_t res, resources&, ext::slot&) noexcept {
    if (res < 0) return std::unexpected(ext::kernel_error(res));
    return {};
  }
  static output fail(std::error_code error, resources&&) noexcept { return std::unexpected(error); }
};

[[nodiscard]] ext::operation<write_back_call> write_back(const file& f, extent range,
                                                         wait_for_disk waits) {
  return ext::operation<write_back_call>(std::in_place_type<write_back_call>, f.hold(), range,
                                         waits, ext::nothing{});
}

}  // namespace

cache_trail::cache_trail(file from, file to)
    : from_(std::move(from)), to_(std::move(to)), source_was_cold_(is_cold(from_.fd())) {}

void cache_trail::add(extent part) noexcept {
  const bool first = filling_.bytes == 0;
  filling_.range = first ? part
                         : extent{std::min(filling_.range.begin, part.begin),
                                  std::max(filling_.range.end, part.end)};
  filling_.bytes += part.end - part.begin;
}

task<result<>> cache_trail::pass(extent part) {
  add(part);
  if (filling_.bytes < window_bytes) co_return result<>{};
  const window full = std::exchange(filling_, {});
  const window before = std::exchange(behind_, full);
  const auto begun = co_await write_back(to_, full.range, wait_for_disk::no);
  if (!begun || before.bytes == 0) co_return begun;
  co_return co_await drop(before.range);
}

task<result<>> cache_trail::drop(extent range) const {
  const auto on_disk = co_await write_back(to_, range, wait_for_disk::yes);
  if (!on_disk) co_return on_disk;
  // What began in the window before is whole now. What cannot be dropped stays: nothing is lost
  // with it.
  const std::uint64_t begin = range.begin - std::min(range.begin, folio_bytes_max);
  (void)co_await to_.advise(file_advice::dont_need, begin, range.end - begin);
  if (source_was_cold_)
    (void)co_await from_.advise(file_advice::dont_need, begin, range.end - begin);
  co_return result<>{};
}

}  // namespace carousel::tool
