#pragma once

#include <chrono>

#include "carousel/result.hpp"

namespace carousel {

namespace detail {
/// setsockopt(2).
class option_setter;
}  // namespace detail

/// An option of a socket with its value: stream.set(socket_option::no_delay(true)). Times are
/// rounded down to what the kernel takes, and clipped to the longest one.
class socket_option {
 public:
  /// Small writes go out at once and do not wait for the answer to those before (TCP_NODELAY).
  [[nodiscard]] static socket_option no_delay(bool on) noexcept;
  /// Holds partial segments back until it is taken off again, or for 200 ms (TCP_CORK).
  [[nodiscard]] static socket_option cork(bool on) noexcept;
  /// Asks a silent peer whether it is still there; where it is not, reads are timed_out.
  [[nodiscard]] static socket_option keep_alive(bool on) noexcept;
  /// How long nothing comes before the first question, and the time between questions.
  [[nodiscard]] static socket_option keep_alive_idle(std::chrono::seconds idle) noexcept;
  [[nodiscard]] static socket_option keep_alive_interval(std::chrono::seconds pause) noexcept;
  /// Questions without an answer until the connection ends.
  [[nodiscard]] static socket_option keep_alive_probes(int count) noexcept;
  /// How long sent bytes may stay unacknowledged until the connection ends (TCP_USER_TIMEOUT).
  [[nodiscard]] static socket_option user_timeout(std::chrono::milliseconds time) noexcept;
  /// Bytes that the kernel keeps for a reader, or a writer; it takes twice as many.
  [[nodiscard]] static socket_option receive_buffer(int bytes) noexcept;
  [[nodiscard]] static socket_option send_buffer(int bytes) noexcept;
  /// To close the socket is to reset the connection: what was written and not sent is lost
  /// (SO_LINGER of 0).
  [[nodiscard]] static socket_option reset_on_close() noexcept;
  /// Any other one whose value is an int (setsockopt(2)).
  [[nodiscard]] static socket_option raw(int level, int name, int value) noexcept;

 private:
  friend class detail::option_setter;
  constexpr socket_option(int level, int name, int first, int second, int ints) noexcept
      : level_(level), name_(name), first_(first), second_(second), ints_(ints) {}

  int level_;
  int name_;
  int first_;
  int second_;
  int ints_;  ///< of the two that are the value
};

namespace detail {

class option_setter {
 public:
  [[nodiscard]] static result<> set(int fd, const socket_option& option) noexcept;
};

}  // namespace detail
}  // namespace carousel
