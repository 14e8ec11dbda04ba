#include "common/file_hash.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "common/extents.hpp"
#include "common/last_error.hpp"
#include "common/read_behind.hpp"

namespace carousel::tool {
namespace {

using hashing_result = buf_result<void, fixed_buf>;

/// What of a file is read, and what stands for the rest below its size.
struct reading {
  std::vector<extent> data;
  std::uint64_t size;
  /// No more than that is read. None: to the end, if nobody adds to the file meanwhile.
  std::optional<std::uint64_t> end;
  bool counts_holes;  ///< as zeros
};

bool has_grown(const file& f, std::uint64_t before) noexcept {
  struct stat now{};
  return ::fstat(f.fd(), &now) == 0 && static_cast<std::uint64_t>(now.st_size) > before;
}

/// Of the data, and of what is behind the size, which is no more than a hint for some files.
task<hashing_result> hash_into(file f, reading what, fixed_buf lease, content_hash& hash) {
  std::uint64_t end = 0;
  for (const extent& e : what.data) {
    if (what.counts_holes) hash.add_zeros(e.begin - end);
    end = e.begin;
    while (end < e.end) {
      const std::size_t length = std::min<std::uint64_t>(lease.capacity(), e.end - end);
      lease.clear();
      auto r = co_await f.read_at(std::move(lease).slice(0, length), end);
      lease = std::move(r.buf).into_inner();
      if (r.res && *r.res == 0) {
        auto behind = read_behind(f.fd(), std::move(lease), end);
        lease = std::move(behind.buf);
        r.res = behind.res;
        if (lease.size() > length) lease.resize(length);
      }
      if (!r.res) co_return hashing_result(std::unexpected(r.res.error()), std::move(lease));
      if (*r.res == 0) break;
      hash.add(std::as_const(lease).bytes());
      end += lease.size();
    }
    if (end < e.end) co_return hashing_result(result<>{}, std::move(lease));  // it ends here
  }
  if (what.counts_holes && end < what.size) hash.add_zeros(what.size - end);
  const std::uint64_t last = what.end.value_or(offset_max);
  for (std::uint64_t at = what.size; at < last; at += lease.size()) {
    auto r = read_behind(f.fd(), std::move(lease), at);
    lease = std::move(r.buf);
    if (!r.res) co_return hashing_result(std::unexpected(r.res.error()), std::move(lease));
    // A writer that is quicker would keep it for ever.
    if (*r.res == 0 || (!what.end && has_grown(f, what.size))) break;
    if (last - at < *r.res) lease.resize(last - at);
    hash.add(std::as_const(lease).bytes());
  }
  co_return hashing_result(result<>{}, std::move(lease));
}

}  // namespace

task<buf_result<bool, fixed_buf>> verify_copy(file original, file copy, std::uint64_t size,
                                              fixed_buf lease) {
  using verdict = buf_result<bool, fixed_buf>;
  const auto written = co_await copy.sync_data();
  if (!written) co_return verdict(std::unexpected(written.error()), std::move(lease));
  (void)posix_fadvise(copy.fd(), 0, 0, POSIX_FADV_DONTNEED);
  struct stat about{};
  if (::fstat(copy.fd(), &about) != 0)
    co_return verdict(std::unexpected(last_error()), std::move(lease));
  if (static_cast<std::uint64_t>(about.st_size) != size) co_return verdict(false, std::move(lease));
  const std::vector<extent> data =
      united(data_of(original.fd(), size).extents, data_of(copy.fd(), size).extents);
  content_hash expected(hash_kind::xxh128);
  content_hash found(hash_kind::xxh128);
  // One that has grown is another by its next byte.
  const std::uint64_t end = size + 1;
  reading of_original{data, size, end, false};
  auto first = co_await hash_into(original, std::move(of_original), std::move(lease), expected);
  if (!first.res) co_return verdict(std::unexpected(first.res.error()), std::move(first.buf));
  reading of_copy{data, size, end, false};
  auto second = co_await hash_into(copy, std::move(of_copy), std::move(first.buf), found);
  if (!second.res) co_return verdict(std::unexpected(second.res.error()), std::move(second.buf));
  co_return verdict(expected.finish() == found.finish(), std::move(second.buf));
}

task<buf_result<std::string, fixed_buf>> hash_content(file f, hash_kind kind, fixed_buf lease,
                                                      std::optional<std::uint64_t> end) {
  using hash_result = buf_result<std::string, fixed_buf>;
  struct stat about{};
  if (::fstat(f.fd(), &about) != 0)
    co_return hash_result(std::unexpected(last_error()), std::move(lease));
  const auto now = static_cast<std::uint64_t>(about.st_size);
  const std::uint64_t size = end ? std::min(now, *end) : now;
  data_map data = data_of(f.fd(), size);
  content_hash hash(kind);
  reading whole{std::move(data.extents), size, end, true};
  auto done = co_await hash_into(std::move(f), std::move(whole), std::move(lease), hash);
  if (!done.res) co_return hash_result(std::unexpected(done.res.error()), std::move(done.buf));
  co_return hash_result(hash.finish(), std::move(done.buf));
}

}  // namespace carousel::tool
