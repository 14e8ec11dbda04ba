#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>

#include "carousel/buf/pool_options.hpp"

namespace carousel {

/// Why a collection is not registered: what was refused, what it would need, what is allowed, and
/// what was done instead. From why_plain() of a pool or a registry, which tell of the last
/// register_buffers().
struct registration_report {
  /// What the kernel answered, an errno; compare it with std::errc. No error: it has refused
  /// nothing.
  std::error_code refused;
  /// The buffer that the kernel did not take, where it refused one and not to register as such: the
  /// first that no kernel takes, else the first that is too large for this one.
  std::optional<std::size_t> buffer_index;
  /// What registering these buffers locks: whole pages, each once for every buffer that has a part
  /// of it, or whole huge pages.
  std::uint64_t wanted_bytes = 0;
  /// RLIMIT_MEMLOCK, for all programs of the user together. Nothing where it sets no limit, or did
  /// not bind the runtime that asked.
  std::optional<std::uint64_t> allowed_bytes;
  /// What was done: `plain`, or `none` where register_buffers() gave an error.
  registration outcome = registration::none;
  /// All that in a sentence, with what to change.
  std::string message;
};

}  // namespace carousel
