#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "carousel/detail/buf/fixed_access.hpp"
#include "carousel/detail/buf/lent_memory.hpp"
#include "carousel/detail/driver/failure_note.hpp"
#include "carousel/detail/driver/operation.hpp"
#include "carousel/detail/io/inline_transfer.hpp"
#include "carousel/detail/io/pieces.hpp"
#include "carousel/detail/io/transfer_all.hpp"

namespace carousel::detail {

/// Whether one piece of memory keeps the alignment of an O_DIRECT file, one whose memory_align is
/// not 0.
[[nodiscard]] bool is_aligned(const descriptor& file, position at, const std::byte* data,
                              std::size_t bytes) noexcept;

/// Notes which file it was.
[[nodiscard]] inline std::error_code transfer_failed(direction way, std::error_code why,
                                                     const fd_ref& file) noexcept {
  return note_failure(why, way == direction::read ? opcode::read : opcode::write, file.get());
}

/// A read into, or a write from, one buffer.
template <direction D, buffer_kind K, io_buf B, class Extent>
struct transfer : file_operation {
  using traits = buf_traits<B>;

  using resources = B;
  using output = buf_result<std::size_t, B>;
  using lends = lent_memory<B>;
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using holds = ext::holds_a_file;
  using begins = ext::begins_inline;
  using links = ext::links_when_whole;
  B held;
  Extent extent;
  /// Without the ring, of what it was asked for then: the result where the ring has none.
  std::int32_t came = 0;

  [[nodiscard]] failure_code check(const driver& io) const noexcept {
    if (const failure_code error = check_file(io)) return error;
    if constexpr (K == buffer_kind::fixed) {
      if (const failure_code error = fixed_access::check(fixed_access::lease(held), io))
        return error;
    }
    if (!extent.valid()) return failure(std::errc::invalid_argument);
    if (file->memory_align != 0 &&
        !is_aligned(*file.get(), extent.at, traits::data(held) + extent.skip, length()))
      return failure(errc::misaligned);
    return 0;
  }
  void encode(driver& io, slot&, request& r) const noexcept {
    // All loads before all stores, which the compiler takes for stores to what is loaded.
    const std::byte* const data = traits::data(held) + extent.skip;
    auto address = reinterpret_cast<std::uintptr_t>(data);
    const auto bytes = static_cast<std::uint32_t>(length());
    opcode code = D == direction::read ? opcode::read : opcode::write;
    if constexpr (K == buffer_kind::fixed) {
      const fixed_buf& lease = fixed_access::lease(held);
      const buffer_registration& registered = fixed_access::registration(lease);
      // Looking for the place of no bytes, kernels from 6.15 on read beyond the end of a buffer's
      // list of pages (CVE-2026-43006); a plain transfer of nothing looks for none.
      if (registered.in_kernel() && bytes != 0) [[likely]] {
        code = D == direction::read ? opcode::read_fixed : opcode::write_fixed;
        address = registered.address_of(data);
        r.buf_index = registered.index_of(lease.index());
      }
    }
    r.code = code;
    r.offset = extent.value();
    r.address = address;
    r.length = bytes;
    if constexpr (D == direction::write) r.op_flags = io.write_flags();
    name_file(io, r);
  }

  [[nodiscard]] bool may_attempt(bool nobody_waits) const noexcept {
    if constexpr (D == direction::read) return nobody_waits && file->attempts.may_read();
    return file->attempts.may_write();
  }
  [[gnu::always_inline, nodiscard]] std::int32_t attempt(driver& io) noexcept {
    auto* const data = traits::data(held) + extent.skip;
    if constexpr (D == direction::read) {
      return read_inline(io, *file.get(), {data, length()}, extent.value(), came);
    } else {
      return write_inline(io, *file.get(), {data, length()}, extent.value());
    }
  }

  output complete_attempt(std::int32_t res, B& lent) const noexcept {
    if (res < 0 && came != 0) res = came;
    if (res < 0)
      return {std::unexpected(transfer_failed(D, kernel_error(res), file)), std::move(lent)};
    const auto n = static_cast<std::size_t>(res);
    if constexpr (D == direction::read) traits::set_size(lent, extent.skip + n);
    return {n, std::move(lent)};
  }
  output complete(std::int32_t res, B& lent, slot&) const noexcept {
    return complete_attempt(res, lent);
  }
  output fail(std::error_code error, B&& back) const noexcept {
    if (came != 0) return complete_attempt(came, back);
    return {std::unexpected(transfer_failed(D, error, file)), std::move(back)};
  }

  [[nodiscard]] std::size_t bytes_wanted() const noexcept {
    return bytes_of<D>(held) - extent.skip;
  }

 private:
  [[nodiscard]] std::size_t length() const noexcept {
    return std::min(bytes_wanted(), transfer_bytes_max);
  }
};

/// A read into, or a write from, several buffers in turn, the first 1,024 that still have something
/// to do.
template <direction D, io_buf B>
struct vector_transfer : file_operation {
  using resources = std::vector<B>;
  using output = buf_result<std::size_t, std::vector<B>>;
  using lends = lent_memory<std::vector<B>>;
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_file;
  using links = ext::links_when_whole;
  std::vector<B> held;
  part extent;

  [[nodiscard]] failure_code check(const driver& io) const noexcept {
    if (const failure_code error = check_file(io)) return error;
    if (!extent.valid()) return failure(std::errc::invalid_argument);
    bool aligned = true;
    if (file->memory_align != 0) {
      for_each_piece<D>(held, extent.skip, [&](std::byte* data, std::size_t bytes) {
        aligned = aligned && is_aligned(*file.get(), extent.at, data, bytes);
      });
    }
    return aligned ? 0 : failure(errc::misaligned);
  }
  void encode(driver& io, slot& s, request& r) const {
    auto* first = reinterpret_cast<iovec*>(
        io.side_block(s, std::max<std::size_t>(pieces_of(held), 1) * sizeof(iovec)));
    r.code = D == direction::read ? opcode::readv : opcode::writev;
    r.offset = extent.value();
    r.address = reinterpret_cast<std::uintptr_t>(first);
    r.length = static_cast<std::uint32_t>(write_iovecs<D>(first, held, extent.skip));
    if constexpr (D == direction::write) r.op_flags = io.write_flags();
    name_file(io, r);
  }

  output complete(std::int32_t res, std::vector<B>& lent, slot&) const noexcept {
    if (res < 0)
      return {std::unexpected(transfer_failed(D, kernel_error(res), file)), std::move(lent)};
    if constexpr (D == direction::read) spread_fill(lent, static_cast<std::size_t>(res));
    return {static_cast<std::size_t>(res), std::move(lent)};
  }
  output fail(std::error_code error, std::vector<B>&& back) const noexcept {
    return {std::unexpected(transfer_failed(D, error, file)), std::move(back)};
  }

  [[nodiscard]] std::size_t bytes_wanted() const noexcept {
    return bytes_behind<D>(held, extent.skip);
  }
};

}  // namespace carousel::detail
