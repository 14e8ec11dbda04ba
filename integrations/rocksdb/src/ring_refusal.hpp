#pragma once

#include <limits>
#include <system_error>

namespace carousel_rocksdb {

/// When a ring that was refused is worth another try: never in a process for which the kernel has
/// none, and after a while where descriptors or memory had run out, which others may give back.
class ring_refusal {
 public:
  [[nodiscard]] static bool is_for_good(std::error_code why) noexcept {
    return why == std::errc::function_not_supported || why == std::errc::operation_not_permitted ||
           why == std::errc::permission_denied;
  }

  void note(std::error_code why) noexcept { left_out_ = is_for_good(why) ? for_ever : a_while; }
  /// Counts those who ask.
  [[nodiscard]] bool is_over() noexcept {
    if (left_out_ == 0) return true;
    if (left_out_ != for_ever) --left_out_;
    return false;
  }

 private:
  static constexpr unsigned a_while = 64;
  static constexpr unsigned for_ever = std::numeric_limits<unsigned>::max();

  unsigned left_out_ = 0;
};

}  // namespace carousel_rocksdb
