#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "carousel/detail/buf/fixed_access.hpp"
#include "carousel/detail/buf/lent_memory.hpp"
#include "carousel/detail/driver/failure_note.hpp"
#include "carousel/detail/driver/operation.hpp"
#include "carousel/task.hpp"

namespace carousel::detail {

enum class direction : std::uint8_t { read, write };

/// Where a transfer goes in its file.
class position {
 public:
  /// An offset in bytes.
  position(std::uint64_t offset) noexcept  // NOLINT(google-explicit-constructor): an offset is one
      : value_(offset != current_position ? offset : current_position - 1) {}
  [[nodiscard]] static position current() noexcept {
    position here(0);
    here.value_ = current_position;
    return here;
  }

  /// What the kernel takes.
  [[nodiscard]] std::uint64_t value() const noexcept { return value_; }
  [[nodiscard]] bool given() const noexcept { return value_ != current_position; }
  /// An offset beyond 2^63 - 1 is the caller's mistake.
  [[nodiscard]] bool valid() const noexcept { return static_cast<std::int64_t>(value_) >= -1; }
  [[nodiscard]] position advanced(std::size_t n) const noexcept {
    return given() ? position(value_ + n) : *this;
  }

 private:
  std::uint64_t value_;
};

/// A transfer of all of its buffer at an offset in bytes. A type of its own, because there is
/// nothing to compute.
struct whole {
  std::uint64_t at;
  static constexpr std::size_t skip = 0;

  [[nodiscard]] std::uint64_t value() const noexcept { return at; }
  [[nodiscard]] bool valid() const noexcept { return static_cast<std::int64_t>(at) >= 0; }
};
/// A transfer at a position, without the first `skip` bytes of its buffer, which are done already.
struct part {
  position at;
  std::size_t skip = 0;

  [[nodiscard]] std::uint64_t value() const noexcept { return at.value(); }
  [[nodiscard]] bool valid() const noexcept { return at.valid(); }
};

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
template <direction D, bool Fixed, io_buf B, class Extent>
struct transfer : file_operation {
  using traits = buf_traits<B>;

  using resources = B;
  using output = buf_result<std::size_t, B>;
  using lends = lent_memory<B>;
  using unclaimed = ext::result_owns_nothing;
  B held;
  Extent extent;

  [[nodiscard]] failure_code check(const driver& io) const noexcept {
    if (const failure_code error = check_file(io)) return error;
    if constexpr (Fixed) {
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
    std::uint64_t address = reinterpret_cast<std::uintptr_t>(data);
    const auto bytes = static_cast<std::uint32_t>(length());
    opcode code = D == direction::read ? opcode::read : opcode::write;
    if constexpr (Fixed) {
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

  output complete(std::int32_t res, B& lent, slot&) const noexcept {
    if (res < 0)
      return {std::unexpected(transfer_failed(D, kernel_error(res), file)), std::move(lent)};
    const auto n = static_cast<std::size_t>(res);
    if constexpr (D == direction::read) traits::set_size(lent, extent.skip + n);
    return {n, std::move(lent)};
  }
  output fail(std::error_code error, B&& back) const noexcept {
    return {std::unexpected(transfer_failed(D, error, file)), std::move(back)};
  }

 private:
  [[nodiscard]] std::size_t length() const noexcept {
    const std::size_t all = D == direction::read ? traits::capacity(held) : traits::size(held);
    return std::min(all - extent.skip, transfer_bytes_max);
  }
};

/// A read into, or a write from, several buffers in turn. At most the first 1,024 that still have
/// something to do take part in one operation, the kernel's limit.
template <direction D, io_buf B>
struct vector_transfer : file_operation {
  using traits = buf_traits<B>;
  static constexpr std::size_t pieces_max = 1024;

  using resources = std::vector<B>;
  using output = buf_result<std::size_t, std::vector<B>>;
  using lends = lent_memory<std::vector<B>>;
  using unclaimed = ext::result_owns_nothing;
  std::vector<B> held;
  part extent;

  [[nodiscard]] failure_code check(const driver& io) const noexcept {
    if (const failure_code error = check_file(io)) return error;
    if (!extent.valid()) return failure(std::errc::invalid_argument);
    bool aligned = true;
    if (file->memory_align != 0) {
      for_each_piece([&](std::byte* data, std::size_t bytes) {
        aligned = aligned && is_aligned(*file.get(), extent.at, data, bytes);
      });
    }
    return aligned ? 0 : failure(errc::misaligned);
  }
  void encode(driver& io, slot& s, request& r) const {
    const std::size_t pieces = std::min(held.size(), pieces_max);
    auto* first = reinterpret_cast<iovec*>(
        io.side_block(s, std::max<std::size_t>(pieces, 1) * sizeof(iovec)));
    iovec* next = first;
    for_each_piece([&](std::byte* data, std::size_t bytes) {
      *next++ = {.iov_base = data, .iov_len = bytes};
    });
    r.code = D == direction::read ? opcode::readv : opcode::writev;
    r.offset = extent.value();
    r.address = reinterpret_cast<std::uintptr_t>(first);
    r.length = static_cast<std::uint32_t>(next - first);
    if constexpr (D == direction::write) r.op_flags = io.write_flags();
    name_file(io, r);
  }

  output complete(std::int32_t res, std::vector<B>& lent, slot&) const noexcept {
    if (res < 0)
      return {std::unexpected(transfer_failed(D, kernel_error(res), file)), std::move(lent)};
    if constexpr (D == direction::read) {
      auto left = static_cast<std::size_t>(res);
      for (B& b : lent) {
        const std::size_t n = std::min(left, traits::capacity(b));
        traits::set_size(b, n);
        left -= n;
      }
    }
    return {static_cast<std::size_t>(res), std::move(lent)};
  }
  output fail(std::error_code error, std::vector<B>&& back) const noexcept {
    return {std::unexpected(transfer_failed(D, error, file)), std::move(back)};
  }

  [[nodiscard]] static std::size_t bytes_of(const std::vector<B>& buffers) noexcept {
    std::size_t sum = 0;
    for (const B& b : buffers) sum += D == direction::read ? traits::capacity(b) : traits::size(b);
    return sum;
  }

 private:
  template <class F>
  void for_each_piece(F f) const {
    std::size_t done = extent.skip;
    std::size_t pieces = 0;
    for (const B& b : held) {
      const std::size_t all = D == direction::read ? traits::capacity(b) : traits::size(b);
      const std::size_t before = std::min(done, all);
      done -= before;
      if (before == all) continue;
      f(const_cast<std::byte*>(traits::data(b)) + before, all - before);  // an iovec has no const
      if (++pieces == pieces_max) return;
    }
  }
};

template <class T>
using transferred_buffer = typename T::resources;

// A function of its own: g++ 12 destroys the members of an aggregate twice that is a temporary of a
// co_await.
template <class Transfer>
operation<Transfer> one_transfer(const fd_ref& file, transferred_buffer<Transfer>&& buf,
                                 part extent) noexcept {
  return operation<Transfer>(std::in_place_type<Transfer>, file_operation{file}, std::move(buf),
                             extent);
}

/// Repeats a transfer until all `total` bytes are through. On an error the buffer's size says how
/// much a read had brought.
template <class Transfer>
task<buf_result<void, transferred_buffer<Transfer>>> transfer_all(fd_ref file,
                                                                  transferred_buffer<Transfer> buf,
                                                                  position at, std::size_t total,
                                                                  errc at_nothing) {
  constexpr int interruptions_max = 16;
  int interruptions = 0;
  for (std::size_t done = 0; done < total;) {
    auto r = co_await one_transfer<Transfer>(file, std::move(buf), part{at.advanced(done), done});
    buf = std::move(r.buf);
    if (!r.res) {
      if (r.res.error() == std::errc::interrupted && ++interruptions < interruptions_max) continue;
      co_return {std::unexpected(r.res.error()), std::move(buf)};
    }
    done += *r.res;
    // O_DIRECT: an odd count means that the file ended, and nothing could go on from there.
    const std::uint32_t align = file ? file->offset_align : 0;
    const bool ended = *r.res == 0 || (done < total && align != 0 && done % align != 0);
    if (ended) co_return {std::unexpected(make_error_code(at_nothing)), std::move(buf)};
  }
  co_return {result<>{}, std::move(buf)};
}

}  // namespace carousel::detail
