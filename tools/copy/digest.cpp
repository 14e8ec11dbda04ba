#include "copy/digest.hpp"

#include <fcntl.h>
#include <xxhash.h>

#include <memory>

namespace carousel::tool {
namespace {

using digest_result = buf_result<void, fixed_buf>;

struct free_state {
  void operator()(XXH3_state_t* state) const noexcept { XXH3_freeState(state); }
};
using hash_state = std::unique_ptr<XXH3_state_t, free_state>;

task<digest_result> digest(file f, fixed_buf lease, XXH128_hash_t& hash) {
  const hash_state state(XXH3_createState());
  XXH3_128bits_reset(state.get());
  for (std::uint64_t at = 0;;) {
    auto r = co_await f.read_at(std::move(lease), at);
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

task<buf_result<bool, fixed_buf>> verify_copy(file original, file copy, fixed_buf lease) {
  using verdict = buf_result<bool, fixed_buf>;
  const auto written = co_await copy.sync_data();
  if (!written) co_return verdict(std::unexpected(written.error()), std::move(lease));
  (void)posix_fadvise(copy.fd(), 0, 0, POSIX_FADV_DONTNEED);
  XXH128_hash_t expected{};
  XXH128_hash_t found{};
  auto first = co_await digest(original, std::move(lease), expected);
  if (!first.res) co_return verdict(std::unexpected(first.res.error()), std::move(first.buf));
  auto second = co_await digest(copy, std::move(first.buf), found);
  if (!second.res) co_return verdict(std::unexpected(second.res.error()), std::move(second.buf));
  co_return verdict(XXH128_isEqual(expected, found) != 0, std::move(second.buf));
}

}  // namespace carousel::tool
