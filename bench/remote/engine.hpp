#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

namespace bench {

/// A rival of the workload `remote`: a word to another thread, and one back, again and again.
class ping_engine {
 public:
  virtual ~ping_engine() = default;
  virtual void run(std::uint64_t count) = 0;
};

/// A blocking read and a write of an eventfd on either side: what no runtime can undercut as long
/// as it sleeps.
std::unique_ptr<ping_engine> pings_by_eventfd();
/// The same with the read in a ring.
std::unique_ptr<ping_engine> pings_by_ring();
/// A callable posted there, and one back, between runtimes that spin so long before they sleep.
std::unique_ptr<ping_engine> pings_by_post(std::chrono::microseconds spin);
/// A value through a channel between two runtimes, and one back.
std::unique_ptr<ping_engine> pings_by_channel();

}  // namespace bench
