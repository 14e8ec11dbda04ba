#pragma once

#include <cstddef>
#include <span>

#include "carousel/carousel.hpp"
#include "open_file.hpp"
#include "read_ahead.hpp"

namespace carousel_rocksdb {

/// The rings of a thread: that on which it reads what a MultiRead asks for, where nothing is in
/// flight but while a MultiRead waits, and that on which it reads ahead in files that it reads in
/// order. A thread makes its own when it first needs it, keeps it, and closes it at its end.
class thread_ring {
 public:
  /// Null where this thread can have none: the kernel refuses, or the thread is at its end and has
  /// closed its ring, while destructors still read.
  [[nodiscard]] static thread_ring* mine() noexcept;

  explicit thread_ring(carousel::runtime made) noexcept : runtime_(std::move(made)) {}

  /// Answers all requests: status and result of each are set. What the ring cannot do is done by
  /// system calls. Throws std::bad_alloc, with nothing in flight.
  void read_all(const open_file& file, std::span<rocksdb::FSReadRequest> requests);

  [[nodiscard]] read_ahead& ahead() noexcept { return ahead_; }

 private:
  carousel::runtime runtime_;
  read_ahead ahead_;
};

}  // namespace carousel_rocksdb
