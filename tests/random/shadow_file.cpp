#include "random/shadow_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace carousel::random_test {

shadow_file::shadow_file(std::filesystem::path path, fake::random& random)
    : path_(std::move(path)), content_(bytes), known_(bytes, true) {
  random.fill(content_);
  const int fd = ::open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || ::write(fd, content_.data(), bytes) != static_cast<ssize_t>(bytes))
    throw std::system_error(errno, std::generic_category(), path_.string());
  struct stat about{};
  fstat(fd, &about);
  inode_ = about.st_ino;
  handle_ = file::from_fd(fd);
}

bool shadow_file::is_free(const range& r) const noexcept {
  const auto overlaps = [&](const range& other) {
    return r.begin < other.end && other.begin < r.end;
  };
  return std::ranges::none_of(used_, overlaps) && std::ranges::none_of(abandoned_, overlaps);
}

std::optional<std::pair<std::size_t, std::size_t>> shadow_file::draw(fake::random& random,
                                                                     const fake::kernel& kernel,
                                                                     std::size_t bytes_max) {
  abandoned_.remove_if([&](const range& r) { return !kernel.writes_to(inode_, r.begin, r.end); });
  const std::size_t begin = random.below(bytes);
  // Sometimes beyond the end.
  const range r{.begin = begin, .end = begin + 1 + random.below(bytes_max)};
  if (!is_free(r)) return std::nullopt;
  return std::pair(r.begin, r.end);
}

shadow_file::region::region(shadow_file& owner, std::size_t begin, std::size_t end) noexcept
    : owner_(owner), begin_(begin), end_(end) {
  owner_.used_.push_back({.begin = begin, .end = end});
}

shadow_file::region::~region() {
  owner_.used_.remove_if([&](const range& r) { return r.begin == begin_ && r.end == end_; });
  if (!writing_) return;
  owner_.abandoned_.push_back({.begin = begin_, .end = end_});
  wrote_something();
}

void shadow_file::region::wrote(std::span<const std::byte> data) noexcept {
  writing_ = false;
  for (std::size_t i = 0; i < data.size(); ++i) {
    owner_.content_[begin_ + i] = data[i];
    owner_.known_[begin_ + i] = true;
  }
}

void shadow_file::region::wrote_something() noexcept {
  writing_ = false;
  for (std::size_t i = begin_; i < std::min(end_, bytes); ++i) owner_.known_[i] = false;
}

bool shadow_file::region::holds(std::size_t offset,
                                std::span<const std::byte> data) const noexcept {
  if (offset < begin_ || offset + data.size() > std::min(end_, bytes)) return data.empty();
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (owner_.known_[offset + i] && owner_.content_[offset + i] != data[i]) return false;
  }
  return true;
}

}  // namespace carousel::random_test
