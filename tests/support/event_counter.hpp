#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace carousel::test {

/// An eventfd that a test has for itself, behind the library's back.
class event_counter {
 public:
  event_counter() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  event_counter(const event_counter&) = delete;
  event_counter& operator=(const event_counter&) = delete;
  ~event_counter() { ::close(fd_); }
  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] bool add() const noexcept { return ::eventfd_write(fd_, 1) == 0; }
  /// What was added since the last time.
  [[nodiscard]] std::uint64_t take() const noexcept {
    eventfd_t all = 0;
    return ::eventfd_read(fd_, &all) == 0 ? all : 0;
  }

 private:
  int fd_;
};

}  // namespace carousel::test
