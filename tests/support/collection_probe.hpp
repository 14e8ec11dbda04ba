#pragma once

#include <carousel/buf/fixed_buf_pool.hpp>
#include <carousel/buf/fixed_buf_registry.hpp>

#include <cstddef>

namespace carousel::detail {

/// What tests see of a collection from inside.
struct collection_probe {
  static buf_collection& of(const fixed_buf_pool& pool) noexcept {
    return *pool.pool_.operator->();
  }
  static buf_collection& of(const fixed_buf_registry& registry) noexcept {
    return *registry.buffers_.operator->();
  }
  static const auto& classes(const buf_collection& c) noexcept { return c.classes_; }
  static const auto& entries(const buf_collection& c) noexcept { return c.entries_; }
};

}  // namespace carousel::detail
