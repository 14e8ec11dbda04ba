#pragma once

#include <sys/types.h>

#include <map>
#include <memory>

namespace carousel::fake {

/// An open file as the kernel holds it for an operation or a file table: it stays open whatever
/// happens to the number by which it was named. A duplicate of the descriptor is that reference.
class held_file {
 public:
  explicit held_file(int duplicate) noexcept;
  held_file(const held_file&) = delete;
  held_file& operator=(const held_file&) = delete;
  ~held_file();

  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] mode_t type() const noexcept { return type_; }
  [[nodiscard]] ino_t inode() const noexcept { return inode_; }
  /// Operations on it end by themselves: a file of a disk or of memory, a directory.
  [[nodiscard]] bool is_seekable() const noexcept;
  [[nodiscard]] bool readable() const noexcept;
  [[nodiscard]] bool writable() const noexcept;
  [[nodiscard]] bool is_direct() const noexcept;
  [[nodiscard]] bool is_same(const held_file& other) const noexcept;

 private:
  int fd_;
  int flags_ = 0;
  mode_t type_ = 0;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

/// Takes references by number. Many operations on one pipe share a reference, so that they do not
/// use up the descriptors of the process.
class file_holder {
 public:
  /// Null if the number is not open.
  [[nodiscard]] std::shared_ptr<held_file> hold(int fd);

 private:
  std::map<int, std::weak_ptr<held_file>> shared_;
};

}  // namespace carousel::fake
