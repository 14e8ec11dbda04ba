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
std::unique_ptr<nop_engine> nops_by_carousel(unsigned batch);

}  // namespace bench
