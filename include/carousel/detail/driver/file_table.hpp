#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "carousel/detail/base/request.hpp"
#include "carousel/detail/driver/descriptor.hpp"
#include "carousel/detail/driver/fork_epoch.hpp"

namespace carousel::sys {
class kernel;
}

namespace carousel::detail {

class file_table;

/// An entry of a file table, for a file that is opened into it without a descriptor. Whoever has it
/// last empties it.
class file_entry {
 public:
  file_entry() = default;
  file_entry(file_entry&& other) noexcept
      : table_(std::exchange(other.table_, nullptr)),
        index_(other.index_),
        holds_file_(other.holds_file_) {}
  file_entry& operator=(file_entry&& other) noexcept {
    std::swap(table_, other.table_);
    std::swap(index_, other.index_);
    std::swap(holds_file_, other.holds_file_);
    return *this;
  }
  ~file_entry() {
    if (table_ != nullptr) [[unlikely]]
      give_back();
  }

  explicit operator bool() const noexcept { return table_ != nullptr; }
  /// As requests name it.
  [[nodiscard]] std::uint32_t file_index() const noexcept {
    return static_cast<std::uint32_t>(index_) + 1;
  }
  /// The kernel has opened a file in it.
  void note_opened() noexcept { holds_file_ = true; }
  /// The kernel has closed that.
  void note_closed() noexcept { holds_file_ = false; }
  /// The open file in it. Throws std::bad_alloc, with the file closed.
  [[nodiscard]] fd_ref adopt() &&;

 private:
  friend class file_table;
  void give_back() noexcept;
  void settle(descriptor& file) noexcept;
  file_entry(file_table& table, std::int16_t index) noexcept : table_(&table), index_(index) {}

  file_table* table_ = nullptr;
  std::int16_t index_ = -1;
  bool holds_file_ = false;
};

/// The ring's table of registered files: naming a file by its index there saves the kernel a
/// reference count per operation. A file gets in after a number of uses, so that one which is
/// opened, read once and closed does not pay for it.
class file_table {
 public:
  static constexpr std::uint32_t uses_before_entry = 16;

  file_table() = default;
  file_table(const file_table&) = delete;
  file_table& operator=(const file_table&) = delete;
  ~file_table();

  /// The kernel gets a table with the first entry that is wanted. Where it refuses one every file
  /// goes by its number.
  void open(sys::kernel& kernel) noexcept;

  /// Names the file in the request.
  void name(request& req, descriptor& file) noexcept {
    if (file.table == this) [[likely]] {
      req.fd = file.table_index;
      req.sqe_flags |= sqe_fixed_file;
      return;
    }
    req.fd = file.fd;
    if (file.table == nullptr && ++file.uses == uses_before_entry) add(file);
  }
  /// None when the table is full, or when there is none.
  [[nodiscard]] file_entry reserve() noexcept;
  /// Makes an open file ring-only, if there is an entry for it.
  void take_in(descriptor& file) noexcept;
  /// Takes a ring-only file out of its descriptor, so that it can be closed.
  [[nodiscard]] static file_entry take_out(descriptor& file) noexcept;
  /// Operations in flight keep the file open in the kernel; the table does not any more.
  void remove(descriptor& file) noexcept;
  /// Operations on files of O_DIRECT in the table, sixteen files at most.
  [[nodiscard]] std::uint32_t direct_operations() const noexcept;
  /// Every file leaves.
  void clear() noexcept;

 private:
  friend class file_entry;
  void add(descriptor& file) noexcept;
  void make() noexcept;
  void give_back(const file_entry& gone) noexcept;

  sys::kernel* kernel_ = nullptr;
  unsigned forks_ = forks;
  const char* thread_ = nullptr;
  bool asked_ = false;  ///< for a table
  std::vector<descriptor*> entries_;
  std::vector<std::int16_t> free_;
  std::array<descriptor*, 16> direct_{};  ///< of entries_, as many as there is room for
  std::size_t direct_count_ = 0;
};

}  // namespace carousel::detail
