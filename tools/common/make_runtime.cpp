#include "common/make_runtime.hpp"

#include <algorithm>
#include <system_error>

namespace carousel::tool {

result<runtime> make_runtime(unsigned entries) {
  auto made = runtime::make({.entries = entries});
  // The condition is true of memlock_limit too.
  for (entries = std::min(entries / 2, 64U);
       !made && made.error() == std::errc::not_enough_memory && entries > 4; entries /= 2) {
    made = runtime::make({.entries = entries});
  }
  return made;
}

std::string ring_refusal(const std::error_code& why) {
  if (why == errc::memlock_limit || why != std::errc::not_enough_memory) return why.message();
  return "the kernel has no memory for the queues of a ring, whose pages must lie together: free "
         "some memory, or raise the memory limit of the container";
}

}  // namespace carousel::tool
