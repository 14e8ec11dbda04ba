#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "common/rounds.hpp"
#include "common/work.hpp"

namespace bench {

/// A rival of the workload `transfer`.
class engine {
 public:
  virtual ~engine() = default;
  /// Does the next `count` transfers of the work with its depth in flight, and checks each.
  virtual void run(std::uint64_t count, work& w) = 0;
  /// What it measured itself in that run; nothing if the caller's clock is right.
  [[nodiscard]] virtual std::optional<slice> own_figures() const { return std::nullopt; }
};

struct memory_kind {
  bool registered = true;
  bool huge = false;  ///< on transparent huge pages
  /// Carousel: each task keeps its lease instead of going through the pool each time.
  bool kept = false;
  /// Carousel: of the pool; 0: as many as tasks. With fewer they wait for each other.
  unsigned buffers = 0;
  /// Carousel: buffered writes without the ring.
  bool inline_io = false;
  /// liburing by hand: without its functions around the system call.
  bool inline_call = false;
};

/// What a broken rival does wrong, once in each run.
enum class fault : std::uint8_t { failed_transfer, short_transfer, wrong_bytes, lost_write };

// `fd` is open as the plan says, and stays the caller's.
std::unique_ptr<engine> by_hand(const plan& p, int fd, memory_kind memory);
std::unique_ptr<engine> by_carousel(const plan& p, int fd, memory_kind memory);
std::unique_ptr<engine> by_asio(const plan& p, int fd, bool coroutines);
/// `without_waiting`: reads that fail, and with them the run, unless all is in the page cache.
std::unique_ptr<engine> by_threads(const plan& p, int fd, bool without_waiting = false);
std::unique_ptr<engine> by_fio(const plan& p);
/// Does all as it should but for one fault: the comparison must refuse to give it a figure.
std::unique_ptr<engine> by_liar(const plan& p, int fd, fault what);

}  // namespace bench
