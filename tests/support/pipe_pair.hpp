#pragma once

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <carousel/fs/file.hpp>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

namespace carousel::test {

/// Both ends of a pipe, as plain descriptors that a test uses behind the library's back.
class pipe_pair {
 public:
  pipe_pair() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) {
      throw std::system_error(errno, std::generic_category(), "pipe2");
    }
  }
  pipe_pair(const pipe_pair&) = delete;
  pipe_pair& operator=(const pipe_pair&) = delete;
  ~pipe_pair() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }

  void put(std::string_view text) const {
    if (::write(ends_[1], text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      throw std::system_error(errno, std::generic_category(), "write");
    }
  }
  /// Bytes that are in the pipe now.
  [[nodiscard]] int waiting() const {
    int bytes = 0;
    ioctl(ends_[0], FIONREAD, &bytes);
    return bytes;
  }
  /// Everything that is in the pipe now.
  [[nodiscard]] std::string take() const {
    const int bytes = waiting();
    std::string text(static_cast<std::size_t>(bytes), '\0');
    if (!text.empty() && ::read(ends_[0], text.data(), text.size()) != bytes) {
      throw std::system_error(errno, std::generic_category(), "read");
    }
    return text;
  }
  /// The reading end as a file of its own.
  [[nodiscard]] file reader() const { return file::from_fd(fcntl(ends_[0], F_DUPFD_CLOEXEC, 0)); }
  [[nodiscard]] file writer() const { return file::from_fd(fcntl(ends_[1], F_DUPFD_CLOEXEC, 0)); }

 private:
  std::array<int, 2> ends_{};
};

}  // namespace carousel::test
