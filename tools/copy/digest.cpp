#include "copy/digest.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <xxhash.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "common/last_error.hpp"
#include "copy/content.hpp"
#include "copy/extents.hpp"

namespace carousel::tool {
namespace {

using digest_result = buf_result<void, fixed_buf>;

struct free_state {
  void operator()(XXH3_state_t* state) const noexcept { XXH3_freeState(state); }
};
using hash_state = std::unique_ptr<XXH3_state_t, free_state>;

/// Of the data, and of what is behind `size`: the size is no more than a hint for some files.
task<digest_result> digest(file f, const std::vector<extent>& data, std::uint64_t size,
                           fixed_buf lease, XXH128_hash_t& hash) {
  const hash_state state(XXH3_createState());
  XXH3_128bits_reset(state.get());
  for (const extent& e : data) {
    for (std::uint64_t at = e.begin; at < e.end;) {
      const std::size_t length = std::min<std::uint64_t>(lease.capacity(), e.end - at);
      lease.clear();
      auto r = co_await f.read_at(std::move(lease).slice(0, length), at);
      lease = std::move(r.buf).into_inner();
      if (r.res && *r.res == 0) {
        auto behind = read_behind(f.fd(), std::move(lease), at);
        lease = std::move(behind.buf);
        r.res = behind.res;
        if (lease.size() > length) lease.resize(length);
      }
      if (!r.res) co_return digest_result(std::unexpected(r.res.error()), std::move(lease));
      if (*r.res == 0) break;
      XXH3_128bits_update(state.get(), lease.bytes().data(), lease.size());
      at += lease.size();
    }
  }
  for (std::uint64_t at = size;;) {
    auto r = read_behind(f.fd(), std::move(lease), at);
    lease = std::move(r.buf);
    if (!r.res) co_return digest_result(std::unexpected(r.res.error()), std::move(lease));
    if (*r.res == 0) break;
    XXH3_128bits_update(state.get(), lease.bytes().data(), lease.size());
    at += *r.res;
  }
  hash = XXH3_128bits_digest(state.get());
  co_return digest_result(result<>{}, std::move(lease));
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
  XXH128_hash_t expected{};
  XXH128_hash_t found{};
  auto first = co_await digest(original, data, size, std::move(lease), expected);
  if (!first.res) co_return verdict(std::unexpected(first.res.error()), std::move(first.buf));
  auto second = co_await digest(copy, data, size, std::move(first.buf), found);
  if (!second.res) co_return verdict(std::unexpected(second.res.error()), std::move(second.buf));
  co_return verdict(XXH128_isEqual(expected, found) != 0, std::move(second.buf));
}

}  // namespace carousel::tool
