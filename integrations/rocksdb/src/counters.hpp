#pragma once

#include <atomic>
#include <cstdint>

namespace carousel_rocksdb {

/// What has been read in which way, for whoever wants to know that the library is at work: with
/// CAROUSEL_ROCKSDB_COUNTERS in the environment the process says at its end, in one line on stderr,
/// what it has counted. Without, nothing is counted, for the line would move between processors
/// with each read.
struct read_counters {
  std::atomic<std::uint64_t> files;
  std::atomic<std::uint64_t> reads;        ///< Read, by system calls
  std::atomic<std::uint64_t> multireads;   ///< MultiRead
  std::atomic<std::uint64_t> requests;     ///< in those
  std::atomic<std::uint64_t> by_ring;      ///< those of them that went to a ring
  std::atomic<std::uint64_t> async_reads;  ///< ReadAsync that began
  std::atomic<std::uint64_t> async_busy;   ///< ReadAsync that RocksDB was told to do itself
  std::atomic<std::uint64_t> polls;        ///< handles that Poll has waited for
  std::atomic<std::uint64_t> aborts;       ///< handles that AbortIO has ended
  std::atomic<std::uint64_t> ahead;        ///< pieces that were read ahead
  std::atomic<std::uint64_t> unread;       ///< those of them that nobody asked for
  std::atomic<std::uint64_t> redone;       ///< what a ring refused and system calls did
  std::atomic<std::uint64_t> handed_over;  ///< reads whose memory RocksDB was given
};
extern read_counters counters;
extern const bool counting;

inline void count(std::atomic<std::uint64_t>& which, std::uint64_t more = 1) noexcept {
  if (counting) which.fetch_add(more, std::memory_order_relaxed);
}

}  // namespace carousel_rocksdb
