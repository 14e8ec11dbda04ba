#pragma once

#include <cstdint>
#include <optional>

namespace carousel_rocksdb {

/// What tells one content of a file from a later one: its size, when it was changed, and whether
/// RocksDB has overwritten anything meanwhile. Who has read something after he took a mark, and
/// finds the same mark later, has what a read would give him then.
struct file_mark {
  std::uint64_t bytes;
  std::int64_t changed_s;
  std::int64_t changed_ns;
  std::uint64_t overwritings;  ///< that have ended

  /// Nothing where the kernel does not say, while RocksDB overwrites the file, and as long as
  /// another change could leave the same mark: file systems take their times from a clock that
  /// stands still for some milliseconds. Those that count whole seconds leave the same mark for as
  /// long, and a write that is under way changes it when it begins only: of writes by others than
  /// RocksDB not all are seen.
  [[nodiscard]] static std::optional<file_mark> of(int fd) noexcept;
  bool operator==(const file_mark&) const = default;
};

}  // namespace carousel_rocksdb
