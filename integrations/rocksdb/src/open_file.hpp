#pragma once

#include <rocksdb/file_system.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace carousel_rocksdb {

/// A file that is open for reading, at offsets only, by any number of threads at once. It is
/// shared: a read in flight keeps the descriptor open when RocksDB has destroyed the file.
class open_file {
 public:
  /// As the default file system opens it: O_DIRECT if the options ask for direct reads.
  [[nodiscard]] static rocksdb::IOStatus open(const std::string& name,
                                              const rocksdb::FileOptions& options,
                                              std::shared_ptr<const open_file>& made);
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;
  ~open_file();

  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// Which no other has or had in this process, and is not 0.
  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] bool direct() const noexcept { return direct_; }
  /// In bytes, a power of two: what offsets, lengths and addresses of direct reads are a multiple
  /// of. RocksDB keeps to what it is told here.
  [[nodiscard]] std::size_t alignment() const noexcept { return alignment_; }

 private:
  open_file(int fd, std::string name, bool direct);

  int fd_;
  std::uint64_t number_;
  std::string name_;
  bool direct_;
  std::size_t alignment_;
};

}  // namespace carousel_rocksdb
