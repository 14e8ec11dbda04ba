#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "carousel/detail/base/path_block.hpp"
#include "carousel/detail/buf/lent_memory.hpp"
#include "carousel/detail/driver/failure_note.hpp"
#include "carousel/detail/driver/operation.hpp"
#include "carousel/detail/io/pieces.hpp"

namespace carousel::detail {

/// Reads or writes an extended attribute, of `file` or, where that is empty, of a path.
struct attribute_operation : file_operation {
  std::uint32_t flags;

  [[nodiscard]] failure_code check_names(const driver& io, direction way,
                                         const path_block& names) const noexcept;
  /// But for the value.
  void encode_names(driver& io, request& r, direction way, const path_block& names) const noexcept;
  /// Notes which file it was.
  [[nodiscard]] std::error_code failed(std::error_code error, direction way,
                                       const path_block& names) const noexcept;

 private:
  [[nodiscard]] opcode code(direction way) const noexcept;
};

template <direction D, io_buf B>
struct attribute_call : attribute_operation {
  using traits = buf_traits<B>;
  struct value_and_names {
    B buf;
    path_block names;  ///< the attribute's, and the path
  };

  using resources = value_and_names;
  using output = buf_result<std::conditional_t<D == direction::read, std::size_t, void>, B>;
  using lends = lent_buf<value_and_names>;
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_file;
  value_and_names held;

  [[nodiscard]] failure_code check(const driver& io) const noexcept {
    return check_names(io, D, held.names);
  }
  void encode(driver& io, slot&, request& r) const noexcept {
    encode_names(io, r, D, held.names);
    r.offset = reinterpret_cast<std::uintptr_t>(traits::data(held.buf));
    r.length = static_cast<std::uint32_t>(std::min(bytes_of<D>(held.buf), transfer_bytes_max));
  }

  output complete(std::int32_t res, value_and_names& lent, slot&) const noexcept {
    if (res < 0) return fail(kernel_error(res), std::move(lent));
    if constexpr (D == direction::read) {
      const auto bytes = static_cast<std::size_t>(res);
      // Of a buffer without room the kernel says how much it wants.
      if (bytes <= traits::capacity(lent.buf)) traits::set_size(lent.buf, bytes);
      return {bytes, std::move(lent.buf)};
    } else {
      return {{}, std::move(lent.buf)};
    }
  }
  output fail(std::error_code error, value_and_names&& back) const noexcept {
    return {std::unexpected(failed(error, D, back.names)), std::move(back.buf)};
  }
};

}  // namespace carousel::detail
