#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace carousel_mpi {

/// What one rank says to another. All ranks run one program on machines of one kind, so numbers are
/// as memory has them.
using message = std::string;

/// Puts a message together; take() gives it away.
class message_writer {
 public:
  template <class T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  message_writer& put(T value) {
    text_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  message_writer& put(std::string_view text) {
    put(static_cast<std::uint64_t>(text.size()));
    text_.append(text);
    return *this;
  }
  [[nodiscard]] std::size_t size() const noexcept { return text_.size(); }
  [[nodiscard]] message take() noexcept { return std::move(text_); }

 private:
  message text_;
};

/// Takes a message apart, in the order in which it was put together. Throws std::runtime_error
/// where there is less than that: the other rank is another program.
class message_reader {
 public:
  explicit message_reader(std::span<const char> text) noexcept : rest_(text) {}
  template <class T>
  [[nodiscard]] T take() {
    if constexpr (std::is_same_v<T, std::string>) {
      const std::span<const char> text = next(take<std::uint64_t>());
      return {text.begin(), text.end()};
    } else {
      T value;
      std::memcpy(&value, next(sizeof value).data(), sizeof value);
      return value;
    }
  }
  [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }

 private:
  std::span<const char> next(std::size_t size) {
    if (size > rest_.size())
      throw std::runtime_error("a rank sent less than was expected: all must run the same program");
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

  std::span<const char> rest_;
};

}  // namespace carousel_mpi
