#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "carousel/carousel.hpp"
#include "copy/buffers.hpp"
#include "copy/copy_options.hpp"
#include "copy/file_copier.hpp"
#include "copy/rate_limit.hpp"

namespace carousel::tool {

/// Threads that copy files for the one that walks: each has a runtime of its own, and a file_copier
/// with buffers of its own. They know nothing of the tree, of links, or of the report: an order
/// goes to one of them, and its outcome comes back.
///
/// Of the thread that made it. Tasks that wait in copy() may be destroyed after stop() only,
/// because an order is part of them.
class copy_threads {
 public:
  /// What all of them share.
  struct shared {
    const copy_options& options;
    rate_limit& limit;
    std::atomic<std::uint64_t>& bytes;
  };
  /// So many, each with such buffers; fewer, or none, where the machine has no rings or no memory
  /// for more.
  copy_threads(std::size_t wanted, copy_buffers::sizes each, const shared& all);
  copy_threads(const copy_threads&) = delete;
  copy_threads& operator=(const copy_threads&) = delete;
  ~copy_threads();

  [[nodiscard]] bool empty() const noexcept { return threads_.empty(); }
  /// On the thread that has the least to do. Error: shut_down.
  task<result<file_outcome>> copy(file_order order);
  /// The bundles of a directory on one thread, as long as the others have enough to do: threads
  /// that make files in one directory wait for each other in the kernel.
  task<result<bundle_outcome>> copy(file_bundle bundle);
  /// Ends what they do, as the end of a runtime does, and waits for that.
  void stop();

 private:
  class thread;
  [[nodiscard]] thread& least_busy() const noexcept;

  std::vector<std::unique_ptr<thread>> threads_;
  thread* last_ = nullptr;  ///< got a bundle of this directory
  const place* directory_ = nullptr;
};

}  // namespace carousel::tool
