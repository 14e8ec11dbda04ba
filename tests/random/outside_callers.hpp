#pragma once

#include <carousel/net/unix_listener.hpp>

#include <optional>
#include <vector>

namespace carousel::random_test {

/// Two Unix sockets that listen, and those outside of the library who connect to the first of them.
class outside_callers {
 public:
  outside_callers();
  outside_callers(const outside_callers&) = delete;
  outside_callers& operator=(const outside_callers&) = delete;
  ~outside_callers();

  [[nodiscard]] const unix_listener& listener() const noexcept { return *listener_; }
  /// Its connections wait in the backlog for ever.
  [[nodiscard]] const unix_listener& deaf() const noexcept { return *deaf_; }
  /// Somebody connects and says something.
  void call();
  void close_handles() noexcept;

 private:
  std::optional<unix_listener> listener_;
  std::optional<unix_listener> deaf_;
  socket_address at_;
  std::vector<int> callers_;
};

}  // namespace carousel::random_test
