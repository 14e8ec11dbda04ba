#pragma once

#include <cstdint>
#include <vector>

#include "carousel/detail/descriptor.hpp"
#include "carousel/detail/fork_epoch.hpp"
#include "carousel/detail/request.hpp"

namespace carousel::sys {
class kernel;
}

namespace carousel::detail {

/// The ring's table of registered files: naming a file by its index there saves the kernel a reference count per operation.
/// A file enters after a number of uses, so that one which is opened, read once and closed does not pay for it.
class file_table {
 public:
  static constexpr std::uint32_t uses_before_entry = 16;

  file_table() = default;
  file_table(const file_table&) = delete;
  file_table& operator=(const file_table&) = delete;
  ~file_table();

  /// Registers an empty table; without one every file goes by its number.
  void open(sys::kernel& kernel);

  /// Names the file in the request.
  void aim(request& req, descriptor& file) noexcept {
    if (file.table == this) [[likely]] {
      req.fd = file.table_index;
      req.sqe_flags |= sqe_fixed_file;
      return;
    }
    req.fd = file.fd;
    if (file.table == nullptr && ++file.uses == uses_before_entry) enter(file);
  }
  /// Operations in flight keep the file open in the kernel; the table does not any more.
  void leave(descriptor& file) noexcept;
  /// Every file leaves.
  void clear() noexcept;

 private:
  void enter(descriptor& file) noexcept;

  sys::kernel* kernel_ = nullptr;
  unsigned forks_ = forks;
  const char* thread_ = nullptr;
  std::vector<descriptor*> entries_;
  std::vector<std::int32_t> free_;
};

}  // namespace carousel::detail
