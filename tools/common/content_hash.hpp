#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace carousel::tool {

/// sha256: what somebody has changed on purpose is noticed too, and sha256sum(1) checks it. xxh128:
/// many times as fast, and xxh128sum(1) checks it.
enum class hash_kind : std::uint8_t { sha256, xxh128 };

[[nodiscard]] std::optional<hash_kind> hash_kind_of(std::string_view word) noexcept;

/// The hash of a content, as it comes.
class content_hash {
 public:
  explicit content_hash(hash_kind kind);
  content_hash(content_hash&&) noexcept;
  content_hash& operator=(content_hash&&) noexcept;
  ~content_hash();

  void add(std::span<const std::byte> data);
  /// A hole.
  void add_zeros(std::uint64_t bytes);
  /// In hexadecimal digits, once.
  [[nodiscard]] std::string finish();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace carousel::tool
