#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include "bench/latency_histogram.hpp"
#include "common/machine.hpp"

namespace bench {

using carousel::tool::bench::latency_histogram;

/// Transfers of the blocks of one file: a case of the workload `transfer`, or a side of `copy`.
struct plan {
  std::string path;
  bool writes = false;
  bool sequential = false;
  bool direct = false;  ///< O_DIRECT
  bool zeroes = false;  ///< the file is /dev/zero
  std::size_t block = 4096;
  unsigned depth = 32;
  std::size_t span = std::size_t{1} << 20U;
};

/// The problem that every rival is given: which blocks, in which order, and what must be in them.
/// Each block of the span comes once per lap, so no two transfers in flight meet. Each 8-byte word
/// of the file tells its own offset; a write puts a stamp of the slice at both ends of its block,
/// and the file is read again when the slice is over.
class work {
 public:
  explicit work(const plan& p);

  [[nodiscard]] const plan& what() const noexcept { return plan_; }
  [[nodiscard]] std::uint64_t lap() const noexcept { return offsets_.size(); }

  /// Offset of the next block.
  std::uint64_t next() noexcept {
    const std::uint64_t offset = offsets_[at_];
    if (++at_ == offsets_.size()) at_ = 0;
    if (latency_ != nullptr) [[unlikely]]
      note_start(offset);
    return offset;
  }
  /// The same for several threads, each with one transfer at a time: offset of the block `ahead`
  /// transfers from here, then skip() of them all.
  [[nodiscard]] std::uint64_t peek(std::uint64_t ahead) noexcept {
    if (latency_ != nullptr) [[unlikely]]
      note_start_of_thread();
    return offsets_[(at_ + ahead) % offsets_.size()];
  }
  void skip(std::uint64_t count) noexcept { at_ = (at_ + count) % offsets_.size(); }

  /// Before a write.
  void stamp(std::byte* buffer, std::uint64_t offset) const noexcept {
    store(buffer, word(offset) ^ slice_);
    store(buffer + plan_.block - 8, word(offset + plan_.block - 8) ^ slice_);
  }
  /// After each transfer: ends the program if it failed, was short, or brought other bytes.
  void check(std::int64_t result, const std::byte* buffer, std::uint64_t offset) {
    if (latency_ != nullptr) [[unlikely]]
      note_end(offset);
    if (result != static_cast<std::int64_t>(plan_.block)) [[unlikely]]
      wrong_size(result, offset);
    if (plan_.writes) return;
    if (load(buffer) != word(offset) ||
        load(buffer + plan_.block - 8) != word(offset + plan_.block - 8)) [[unlikely]]
      wrong_bytes(offset);
    if (thorough_) [[unlikely]]
      check_all(buffer, offset);
  }

  /// Compare each byte of what is read.
  void be_thorough(bool on) noexcept { thorough_ = on; }
  /// Counts how long each transfer takes, from next() or peek() to check(), until it is given null.
  void time_transfers(latency_histogram* into);
  /// Begins a slice of writes: its stamps differ from all earlier ones.
  void begin_slice() noexcept {
    ++slice_;
    first_ = at_;
  }
  /// Reads the blocks again that `count` writes since begin_slice() have written; ends the program
  /// if a stamp is missing.
  void verify_writes(std::uint64_t count) const;

  /// Makes the file, or writes it again, and brings it to the disk.
  void write_file() const;

 private:
  static std::uint64_t load(const std::byte* from) noexcept {
    std::uint64_t value = 0;
    std::memcpy(&value, from, sizeof value);
    return value;
  }
  static void store(std::byte* to, std::uint64_t value) noexcept {
    std::memcpy(to, &value, sizeof value);
  }
  [[nodiscard]] std::uint64_t word(std::uint64_t offset) const noexcept {
    return offset * multiplier_;
  }
  [[noreturn]] void wrong_size(std::int64_t result, std::uint64_t offset) const;
  [[noreturn]] void wrong_bytes(std::uint64_t offset) const;
  void check_all(const std::byte* buffer, std::uint64_t offset) const;
  void note_start(std::uint64_t offset) noexcept;
  static void note_start_of_thread() noexcept;
  void note_end(std::uint64_t offset);

  plan plan_;
  std::uint64_t multiplier_;
  std::vector<std::uint64_t> offsets_;
  std::size_t at_ = 0;
  bool thorough_ = false;
  std::uint64_t slice_ = 0;
  std::size_t first_ = 0;
  /// By block, of which none is in flight twice; not of threads, one of which may be overtaken by a
  /// whole lap of the others.
  std::vector<double> started_;
  std::mutex counting_;  ///< of latency_, by several threads
  latency_histogram* latency_ = nullptr;
};

}  // namespace bench
