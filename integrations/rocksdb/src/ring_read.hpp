#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <system_error>
#include <utility>

#include "carousel/carousel.hpp"
#include "carousel/ext/operation.hpp"
#include "read_progress.hpp"

namespace carousel_rocksdb {

/// RocksDB's memory, which nobody here owns: whoever awaits the read has promised RocksDB to come
/// back only after the kernel's last completion.
struct scratch {
  char* data;
  std::uint32_t bytes;
};

struct lent_scratch {
  static void lend(const scratch&) noexcept {}
  static void unlend(const scratch&) noexcept {}
  static void describe(const scratch& s, std::FILE* out) {
    std::fprintf(out, ", %u bytes of RocksDB's memory at %p", s.bytes,
                 static_cast<const void*>(s.data));
  }
  static void quarantine(const scratch&) noexcept {}
};

/// A read through the ring of this thread. A carousel::file belongs to one thread, a file of
/// RocksDB to all: so the request names the descriptor, which must be open until the kernel has the
/// request.
struct descriptor_read {
  int fd;
  std::uint64_t offset;

  carousel::ext::failure_code check(const carousel::ext::driver& io) const noexcept {
    if (!io.supports(carousel::ext::opcode::read))
      return carousel::ext::failure(carousel::errc::not_supported);
    // The last offset of all would be the descriptor's current position.
    return std::in_range<std::int64_t>(offset)
               ? 0
               : carousel::ext::failure(std::errc::invalid_argument);
  }
  void request_into(carousel::ext::request& r, const void* data,
                    std::uint32_t bytes) const noexcept {
    r.code = carousel::ext::opcode::read;
    r.fd = fd;
    r.offset = offset;
    r.address = reinterpret_cast<std::uintptr_t>(data);
    r.length = bytes;
  }
  static carousel::result<std::size_t> count(std::int32_t res) noexcept {
    if (res < 0) return std::unexpected(carousel::ext::kernel_error(res));
    return static_cast<std::size_t>(res);
  }
};

/// The next piece of a read of RocksDB's.
struct ring_read_call : descriptor_read {
  using resources = scratch;
  using output = carousel::result<std::size_t>;
  using lends = lent_scratch;
  using unclaimed = carousel::ext::result_owns_nothing;
  using completions = carousel::ext::one_completion;
  using begins = carousel::ext::begins_at_once;
  using holds = carousel::ext::holds_no_file;
  resources held;

  void encode(carousel::ext::driver&, carousel::ext::slot&,
              carousel::ext::request& r) const noexcept {
    request_into(r, held.data, held.bytes);
  }
  static output complete(std::int32_t res, resources&, carousel::ext::slot&) noexcept {
    return count(res);
  }
  static output fail(std::error_code error, resources&&) noexcept { return std::unexpected(error); }
};

[[nodiscard]] inline carousel::ext::operation<ring_read_call> ring_read(
    const read_progress& next) noexcept {
  return carousel::ext::operation(ring_read_call{
      {next.fd(), next.offset()}, {next.into(), static_cast<std::uint32_t>(next.bytes())}});
}

}  // namespace carousel_rocksdb
