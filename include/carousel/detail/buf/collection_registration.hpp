#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "carousel/buf/registration_report.hpp"
#include "carousel/detail/driver/buffer_registration.hpp"
#include "carousel/result.hpp"

struct iovec;

namespace carousel::detail {

class buf_collection;

/// The registration of a collection with the driver of a runtime, and what there is to say about
/// it. It counts as a handle of the collection while it holds the memory.
class collection_registration final : public buffer_registration {
 public:
  /// Of which it is a part.
  explicit collection_registration(buf_collection& whole) noexcept : whole_(whole) {}

  /// Errors: of register_buffers() of a pool.
  [[nodiscard]] result<> begin(driver& io);
  /// Error: not_registered.
  [[nodiscard]] result<> end(driver& io);
  /// Ends it, if it has begun.
  void give_up() noexcept;

  [[nodiscard]] registration outcome() const noexcept {
    if (with() == nullptr) return registration::none;
    return in_kernel() ? registration::fixed : registration::plain;
  }
  [[nodiscard]] registration_report why_plain() const;
  [[nodiscard]] std::string memlock_report() const;

 private:
  void ended() noexcept override;
  [[nodiscard]] std::error_code refused(std::error_code error, driver& io,
                                        std::span<const iovec> table);
  [[nodiscard]] std::uint64_t locked_bytes() const;

  buf_collection& whole_;
  /// Of the last begin(), if the kernel refused.
  std::unique_ptr<registration_report> refusal_;
};

}  // namespace carousel::detail
