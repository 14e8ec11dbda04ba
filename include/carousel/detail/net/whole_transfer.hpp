#pragma once

#include <cstddef>
#include <cstdint>
#include <system_error>
#include <utility>

#include "carousel/detail/net/stream_transfer.hpp"

namespace carousel::detail {

/// A transfer of a stream that goes on until all `total` bytes are through. The extent of its
/// Transfer is what is left. On an error the buffer's size says how much a read had brought.
template <class Transfer>
struct whole_transfer : Transfer {
  using part_transfer = Transfer;
  using resources = typename Transfer::resources;
  using output = buf_result<void, resources>;
  using completions = ext::repeated_until_done;
  std::size_t total;
  int interruptions = 0;

  [[nodiscard]] bool repeat(std::int32_t res) noexcept {
    if (res > 0 && reaches_end(res)) [[likely]]
      return false;
    const result<std::size_t> moved = this->take(res, this->held);
    if (!moved) {
      return moved.error() == std::errc::interrupted && ++interruptions < interruptions_max;
    }
    if (Transfer::way == direction::write && *moved < this->asked()) note_cut(*this->file.get());
    this->extent.skip += *moved;
    return *moved != 0;
  }
  output complete(std::int32_t res, resources& lent, slot&) const noexcept {
    if (this->is_usual(res) && reaches_end(res)) [[likely]] {
      this->fill(lent, static_cast<std::size_t>(res));
      return {result<>{}, std::move(lent)};
    }
    const result<std::size_t> moved = this->take(res, lent);
    if (moved && this->extent.skip + *moved >= total) return {result<>{}, std::move(lent)};
    return {std::unexpected(moved ? why_not_all(*moved) : moved.error()), std::move(lent)};
  }
  output fail(std::error_code error, resources&& back) const noexcept {
    // A socket that is closed stops what has begun, of which this may be the next part.
    if (this->extent.skip != 0 && error == std::errc::bad_file_descriptor)
      error = make_error_code(errc::canceled);
    auto none = Transfer::fail(error, std::move(back));
    return {std::unexpected(none.res.error()), std::move(none.buf)};
  }

 private:
  static constexpr int interruptions_max = 16;

  [[nodiscard]] bool reaches_end(std::int32_t res) const noexcept {
    return this->extent.skip + static_cast<std::size_t>(res) >= total;
  }
  /// Some came, and nothing is asked for any more: it was stopped, by a verb or a close.
  [[nodiscard]] std::error_code why_not_all(std::size_t last) const noexcept {
    constexpr bool reads = Transfer::way == direction::read;
    if (last == 0) return make_error_code(reads ? errc::end_of_file : errc::write_zero);
    return this->refused(make_error_code(errc::canceled));
  }
};

}  // namespace carousel::detail
