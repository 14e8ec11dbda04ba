#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace carousel::tool::bench {

enum class access { whatever, cached, direct };

/// The file that is read, opened for reading and never written; where the owner reads, its access
/// time stays too.
class subject {
 public:
  /// The error is a sentence.
  static std::expected<subject, std::string> open(const std::string& path, access wanted);
  subject(subject&& other) noexcept
      : path_(std::move(other.path_)),
        fd_(std::exchange(other.fd_, -1)),
        about_(other.about_),
        size_(other.size_),
        direct_(other.direct_),
        remark_(std::move(other.remark_)) {}
  subject& operator=(subject&&) = delete;
  ~subject();

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] bool direct() const noexcept { return direct_; }
  [[nodiscard]] bool is_device() const noexcept { return S_ISBLK(about_.st_mode); }
  /// Bytes that are holes, and read as zeroes without a device.
  [[nodiscard]] std::uint64_t hole_bytes() const noexcept;
  [[nodiscard]] std::string file_system() const;
  /// Why it is not read with O_DIRECT, where that was not asked for; empty otherwise.
  [[nodiscard]] const std::string& remark() const noexcept { return remark_; }

  /// Whether the path or another process made it another file meanwhile: its size, or the time of
  /// its last change. A device tells neither.
  [[nodiscard]] bool changed() const noexcept;
  [[nodiscard]] bool is_same_file(const struct stat& other) const noexcept {
    return other.st_dev == about_.st_dev && other.st_ino == about_.st_ino;
  }

 private:
  explicit subject(std::string path) : path_(std::move(path)) {}

  std::string path_;
  int fd_ = -1;
  struct stat about_{};
  std::uint64_t size_ = 0;
  bool direct_ = false;
  std::string remark_;
};

}  // namespace carousel::tool::bench
