#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "carousel/buf/pool_options.hpp"
#include "carousel/detail/buf/buf_storage.hpp"

namespace carousel::detail {

[[nodiscard]] bool is_buffer_capacity(std::size_t bytes) noexcept;
/// The distance between neighbours of one class in an arena, a multiple of their alignment.
[[nodiscard]] std::size_t stride_of(std::size_t capacity) noexcept;

/// Memory of a collection's own, and the buffers that are in it.
struct laid_out {
  std::unique_ptr<buf_storage> storage;
  std::vector<raw_buffer> buffers;
};
/// One arena for the buffers of all classes, in their order. Errors: bad_buffer, too_many_buffers,
/// not_enough_memory.
[[nodiscard]] result<laid_out> lay_out(std::span<const buf_class> classes,
                                       const pool_options& options);

}  // namespace carousel::detail
