#pragma once

#include <cstdint>
#include <memory>

namespace bench {

/// A rival of the workload `nop`: operations that do nothing, `batch` in flight.
class nop_engine {
 public:
  virtual ~nop_engine() = default;
  virtual void run(std::uint64_t count) = 0;
};

std::unique_ptr<nop_engine> nops_by_hand(unsigned batch);
/// The same without liburing's functions around the system call.
std::unique_ptr<nop_engine> nops_by_inline_hand(unsigned batch);
/// Whether a task sleeps meanwhile, so that the loop has a deadline to look after.
enum class timer_set : bool { no, yes };
std::unique_ptr<nop_engine> nops_by_carousel(unsigned batch, timer_set timer);

}  // namespace bench
