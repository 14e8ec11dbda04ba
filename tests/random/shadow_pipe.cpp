#include "random/shadow_pipe.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

namespace carousel::random_test {
namespace {

std::byte byte_at(std::uint64_t position) noexcept {
  return static_cast<std::byte>((position * 0x9e3779b97f4a7c15) >> 56U);
}

}  // namespace

shadow_pipe::shadow_pipe(role r) : role_(r) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe2");
  const bool library_reads = r == role::library_reads;
  library_end_ = file::from_fd(ends[library_reads ? 0 : 1]);
  test_end_ = ends[library_reads ? 1 : 0];
  fcntl(test_end_, F_SETFL, O_NONBLOCK);
  struct stat about{};
  fstat(test_end_, &about);
  inode_ = about.st_ino;
}

shadow_pipe::~shadow_pipe() { ::close(test_end_); }

std::size_t shadow_pipe::inside() const noexcept {
  int waiting = 0;
  ioctl(test_end_, FIONREAD, &waiting);
  return static_cast<std::size_t>(waiting);
}

bool shadow_pipe::is_free(const fake::kernel& kernel) const noexcept {
  return !in_use_ && !kernel.uses_file(inode_);
}

bool shadow_pipe::serve(std::size_t bytes_max) {
  std::vector<std::byte> some(bytes_max);
  if (role_ == role::library_reads) {
    for (std::size_t i = 0; i < some.size(); ++i) some[i] = byte_at(served_ + i);
    const ssize_t n = ::write(test_end_, some.data(), some.size());
    if (n > 0) served_ += static_cast<std::uint64_t>(n);
    return true;
  }
  const ssize_t n = ::read(test_end_, some.data(), some.size());
  for (ssize_t i = 0; i < n; ++i) {
    if (some[static_cast<std::size_t>(i)] != byte_at(served_++)) return false;
  }
  return true;
}

shadow_pipe::turn::turn(shadow_pipe& owner) noexcept : owner_(owner) {
  owner.in_use_ = true;
  const std::size_t inside = owner.inside();
  position_ = owner.role_ == role::library_reads ? owner.served_ - inside : owner.served_ + inside;
}

std::uint64_t shadow_pipe::turn::moved() const noexcept {
  const std::size_t inside = owner_.inside();
  return owner_.role_ == role::library_reads ? owner_.served_ - inside - position_
                                             : owner_.served_ + inside - position_;
}

void shadow_pipe::turn::fill(std::span<std::byte> bytes) const noexcept {
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = byte_at(position_ + i);
}

bool shadow_pipe::turn::matches(std::span<const std::byte> bytes) const noexcept {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != byte_at(position_ + i)) return false;
  }
  return true;
}

}  // namespace carousel::random_test
