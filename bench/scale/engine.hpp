#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace bench {

class scale_engine {
 public:
  virtual ~scale_engine() = default;
  /// Does `count` operations in all.
  virtual void run(std::uint64_t count) = 0;
};

enum class scale_work : std::uint8_t { nops, reads };

/// The processors that this process may run on.
std::vector<unsigned> cpus_of_this_process();

/// So many runtimes, each in a thread on a processor of its own as long as there are enough, share
/// the operations evenly. Reads are those of the workload `transfer` with a lease that is kept, of
/// PATH-0, PATH-1 and so on, a file for each, which are made here.
std::unique_ptr<scale_engine> runtimes_at_work(scale_work what, unsigned runtimes,
                                               const std::string& path);
/// One runtime, in which so many reads of a pipe wait all the time.
std::unique_ptr<scale_engine> nops_beside_waiting(std::size_t reads);

}  // namespace bench
