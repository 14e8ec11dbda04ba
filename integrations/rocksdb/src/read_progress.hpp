#pragma once

#include <rocksdb/file_system.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "lease_lender.hpp"
#include "open_file.hpp"

namespace carousel_rocksdb {

/// One read of RocksDB, which a kernel may answer in pieces. RocksDB takes an answer that is too
/// short for the end of the file, so what is missing is asked for again until the end has shown
/// itself: by no bytes, or in a direct read by a piece that is no multiple of the alignment, behind
/// which there could be no aligned read.
class read_progress {
 public:
  read_progress(const open_file& file, std::uint64_t offset, std::size_t bytes, char* into) noexcept
      : file_(&file), offset_(offset), bytes_(bytes), into_(into) {}
  /// Throws std::bad_alloc where there is no memory for a request that brings none.
  read_progress(const open_file& file, rocksdb::FSReadRequest& asked)
      : read_progress(file, asked.offset, asked.len, memory_of(asked)) {}

  [[nodiscard]] bool finished() const noexcept { return at_end_ || done_ == bytes_; }
  [[nodiscard]] int fd() const noexcept { return file_->fd(); }
  /// The next piece to ask for.
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_ + done_; }
  [[nodiscard]] char* into() const noexcept { return into_ + done_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return std::min(bytes_ - done_, piece_max); }
  void took(std::size_t came) noexcept {
    done_ += came;
    at_end_ = came == 0 || (file_->direct() && done_ % file_->alignment() != 0);
  }

  /// Asks for the rest by pread(2), and waits. Whatever a ring has answered before, this answer is
  /// the file's own, in RocksDB's words.
  [[nodiscard]] rocksdb::IOStatus finish_by_calls();
  /// All that came, in the memory that it was read into.
  [[nodiscard]] rocksdb::Slice result() const noexcept { return {into_, done_}; }

 private:
  static constexpr std::size_t piece_max = std::size_t{1} << 30U;

  const open_file* file_;
  std::uint64_t offset_;
  std::size_t bytes_;
  char* into_;
  std::size_t done_ = 0;
  bool at_end_ = false;
};

}  // namespace carousel_rocksdb
