#pragma once

#include <cstddef>

#include "carousel/buf/arena.hpp"

namespace carousel {

/// The kernel's limits for registered buffers. Before Linux 7.2 a buffer above 1 GiB is not
/// registered, and its collection is plain.
inline constexpr std::size_t fixed_buffers_max = 16'384;
inline constexpr std::size_t fixed_buffer_bytes_max = std::size_t{1} << 40U;

/// `count` buffers of `capacity` bytes each.
struct buf_class {
  std::size_t capacity;
  std::size_t count;
};

/// How a collection stands with a runtime.
enum class registration {
  none,
  fixed,  ///< the kernel holds the buffers: fixed operations skip the pinning of pages
  plain,  ///< the kernel refused, and why_plain() says why: fixed operations run as ordinary ones
};

struct pool_options {
  /// Where the memory of make() comes from. Buffers of a page or more start on page boundaries,
  /// smaller ones on a multiple of their size rounded up to a power of two (at least 64).
  huge_pages huge = huge_pages::never;
  /// Core dumps contain the memory of make(). Off, because it is whatever passed through the
  /// program, may be gigabytes, and is seldom what a crash is about; the leases and their state are
  /// in the dump all the same. Memory that from() was given is left as it is.
  bool dump = false;
  /// register_buffers() fails with the kernel's error instead of going on unregistered.
  bool strict = false;
};

}  // namespace carousel
