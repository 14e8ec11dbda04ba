#pragma once

#include <string>
#include <vector>

namespace carousel::tool {

/// The ways of io_uring_setup(2) that this kernel takes and those that it does not, of the ones
/// that Carousel asks for first.
struct ring_flags {
  std::vector<std::string> taken;
  std::vector<std::string> refused;
};

/// Makes a small ring for each and closes it again. All refused where there can be no ring at all.
[[nodiscard]] ring_flags probe_ring_flags();

}  // namespace carousel::tool
