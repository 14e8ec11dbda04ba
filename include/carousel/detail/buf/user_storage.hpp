#pragma once

#include <memory>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

#include "carousel/buf/io_buf.hpp"
#include "carousel/detail/buf/buf_collection.hpp"

namespace carousel::detail {

/// The user's buffers inside a collection.
template <io_buf_mut B>
struct user_storage final : buf_storage {
  std::vector<B> buffers;
};

/// Takes the buffers out of the range, up to the limit, and makes a collection of them.
template <class Range>
[[nodiscard]] result<buf_collection*> collect(Range&& range, pool_options options) {
  using buffer = std::ranges::range_value_t<Range>;
  using traits = buf_traits<buffer>;
  if constexpr (std::ranges::sized_range<Range>) {
    if (std::ranges::size(range) > fixed_buffers_max) {
      return std::unexpected(make_error_code(errc::too_many_buffers));
    }
  }
  // A container given as an rvalue is emptied; a view, or an lvalue, gives what its elements are.
  constexpr bool movable_elements =
      !std::is_lvalue_reference_v<Range> && !std::ranges::view<std::remove_cvref_t<Range>>;
  auto storage = std::make_unique<user_storage<buffer>>();
  auto last = std::ranges::end(range);
  for (auto it = std::ranges::begin(range); it != last; ++it) {
    if constexpr (movable_elements) {
      storage->buffers.push_back(std::ranges::iter_move(it));
    } else {
      storage->buffers.push_back(*it);
    }
    if (storage->buffers.size() == fixed_buffers_max) break;
  }
  std::vector<raw_buffer> raw;
  raw.reserve(storage->buffers.size());
  for (buffer& b : storage->buffers) {
    raw.push_back(
        {.data = traits::data(b), .capacity = traits::capacity(b), .initialized = traits::size(b)});
  }
  return buf_collection::make(std::move(storage), raw, options);
}

template <class B>
[[nodiscard]] std::vector<B> give_back(std::unique_ptr<buf_storage> storage) {
  auto* mine = dynamic_cast<user_storage<B>*>(storage.get());
  CAROUSEL_ASSERT(mine != nullptr, "close<B>() names the buffer type that the pool was made from");
  return std::move(mine->buffers);
}

}  // namespace carousel::detail
