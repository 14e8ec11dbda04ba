#pragma once

#include <carousel/carousel.hpp>
#include <carousel/ext/operation.hpp>

#include <cstdint>
#include <system_error>

namespace ext = carousel::ext;

/// What an operation type does, without what it says of itself: each test says that, with one
/// mistake.
struct call_functions {
  using resources = ext::nothing;
  using output = int;
  resources held;

  ext::failure_code check(const ext::driver&) const noexcept { return 0; }
  void encode(ext::driver&, ext::slot&, ext::request&) const noexcept {}
  static output complete(std::int32_t res, resources&, ext::slot&) noexcept { return res; }
  static output fail(std::error_code, resources&&) noexcept { return -1; }
};
