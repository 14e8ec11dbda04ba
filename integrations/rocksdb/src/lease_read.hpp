#pragma once

#include <cstdint>
#include <cstdio>
#include <system_error>
#include <utility>

#include "carousel/carousel.hpp"
#include "carousel/ext/operation.hpp"
#include "ring_read.hpp"

namespace carousel_rocksdb {

/// The memory of a lease. One that the kernel never lets go of is kept for ever with the runtime's
/// slots, and nobody waits for it.
struct lent_lease {
  static void lend(const carousel::fixed_buf&) noexcept {}
  static void unlend(const carousel::fixed_buf&) noexcept {}
  static void describe(const carousel::fixed_buf& lease, std::FILE* out) {
    std::fprintf(out, ", %zu bytes for a read ahead", lease.capacity());
  }
  static void quarantine(const carousel::fixed_buf&) noexcept {}
};

/// A read into a lease, which is the operation's until the kernel has let go: so whoever has begun
/// it may forget it at any time.
struct lease_read_call : descriptor_read {
  using resources = carousel::fixed_buf;
  using output = carousel::buf_result<std::size_t, carousel::fixed_buf>;
  using lends = lent_lease;
  using unclaimed = carousel::ext::result_owns_nothing;
  using completions = carousel::ext::one_completion;
  using begins = carousel::ext::begins_at_once;
  using holds = carousel::ext::holds_no_file;
  resources held;
  std::uint32_t bytes;  ///< at most the capacity of the lease

  void encode(carousel::ext::driver&, carousel::ext::slot&,
              carousel::ext::request& r) const noexcept {
    request_into(r, carousel::buf_traits<carousel::fixed_buf>::data(held), bytes);
  }
  static output complete(std::int32_t res, resources& lent, carousel::ext::slot&) noexcept {
    if (res > 0)
      carousel::buf_traits<carousel::fixed_buf>::set_size(lent, static_cast<std::size_t>(res));
    return {count(res), std::move(lent)};
  }
  static output fail(std::error_code error, resources&& back) noexcept {
    return {std::unexpected(error), std::move(back)};
  }
};

[[nodiscard]] inline carousel::ext::operation<lease_read_call> lease_read(
    int fd, std::uint64_t offset, std::size_t bytes, carousel::fixed_buf&& into) noexcept {
  return carousel::ext::operation<lease_read_call>(std::in_place_type<lease_read_call>,
                                                   descriptor_read{fd, offset}, std::move(into),
                                                   static_cast<std::uint32_t>(bytes));
}

}  // namespace carousel_rocksdb
