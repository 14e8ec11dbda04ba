#include "fake/held_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace carousel::fake {
namespace {

/// Out of the way of the numbers that the program under test sees.
constexpr int first_number = 200;

}  // namespace

held_file::held_file(int duplicate) noexcept : fd_(duplicate), flags_(fcntl(duplicate, F_GETFL)) {
  struct stat about{};
  if (fstat(fd_, &about) != 0) return;
  type_ = about.st_mode & S_IFMT;
  device_ = about.st_dev;
  inode_ = about.st_ino;
}

held_file::~held_file() { ::close(fd_); }

bool held_file::is_seekable() const noexcept {
  return S_ISREG(type_) || S_ISDIR(type_) || S_ISBLK(type_);
}

bool held_file::readable() const noexcept {
  return (flags_ & O_PATH) == 0 && (flags_ & O_ACCMODE) != O_WRONLY;
}

bool held_file::writable() const noexcept {
  return (flags_ & O_PATH) == 0 && (flags_ & O_ACCMODE) != O_RDONLY;
}

bool held_file::is_direct() const noexcept { return (flags_ & O_DIRECT) != 0; }

bool held_file::is_same(const held_file& other) const noexcept {
  return device_ == other.device_ && inode_ == other.inode_ &&
         (flags_ & O_ACCMODE) == (other.flags_ & O_ACCMODE);
}

std::shared_ptr<held_file> file_holder::hold(int fd) {
  const int duplicate = fcntl(fd, F_DUPFD_CLOEXEC, first_number);
  if (duplicate < 0) return nullptr;
  auto made = std::make_shared<held_file>(duplicate);
  if (made->is_seekable()) return made;  // it has a position of its own
  std::weak_ptr<held_file>& known = shared_[fd];
  if (auto same = known.lock(); same != nullptr && same->is_same(*made)) return same;
  known = made;
  return made;
}

}  // namespace carousel::fake
