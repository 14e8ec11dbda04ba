#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "carousel/net/socket_address.hpp"

namespace carousel::detail {

/// An address as socket_address::to_string() writes it, in memory of its own: for errors, which
/// must not need any.
class address_text {
 public:
  explicit address_text(const socket_address& address) noexcept;
  [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), size_}; }
  /// Ends with NUL.
  [[nodiscard]] const char* c_str() const noexcept { return text_.data(); }

 private:
  void append(std::string_view piece) noexcept;
  void append(unsigned long number) noexcept;

  std::array<char, 128> text_{};
  std::size_t size_ = 0;
};

}  // namespace carousel::detail
