#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>

#include "async_read.hpp"
#include "carousel/carousel.hpp"

namespace carousel_rocksdb {

/// The thread, with a ring of its own, that reads in advance (ReadAsync). It is not the ring of the
/// thread that asks, for two reasons: RocksDB may begin a read in one thread and poll it in
/// another, while the first sleeps or has ended; and what has been read in advance never mixes
/// with what a MultiRead waits for.
///
/// It begins with the first read and ends with its last owner, the file system or a read.
class async_reader : public std::enable_shared_from_this<async_reader> {
 public:
  /// Error: what the kernel says to a ring. Throws std::system_error where there is no thread or
  /// descriptor left.
  [[nodiscard]] static carousel::result<std::shared_ptr<async_reader>> start();
  async_reader(const async_reader&) = delete;
  async_reader& operator=(const async_reader&) = delete;
  ~async_reader();

  /// Begins a read; null where RocksDB had better read by itself, because so many are in flight
  /// that this one would only stand in line. Throws std::bad_alloc.
  [[nodiscard]] std::unique_ptr<async_read> begin(std::shared_ptr<const open_file> file,
                                                  const rocksdb::FSReadRequest& asked,
                                                  read_callback call, void* argument);
  /// False in a child of fork(), where its thread is not.
  [[nodiscard]] bool lives_here() const noexcept;
  /// One of its reads has.
  void ended() noexcept { in_flight_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  static constexpr std::size_t in_flight_max = 256;

  async_reader();

  const unsigned forks_;
  std::atomic<std::size_t> in_flight_ = 0;
  carousel::remote_runtime loop_;
  carousel::event* closing_ = nullptr;  ///< of the thread, and used there
  std::unique_ptr<std::thread> thread_;
};

}  // namespace carousel_rocksdb
