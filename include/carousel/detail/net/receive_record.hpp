#pragma once

#include <cstdint>
#include <system_error>

#include "carousel/buf/fixed_buf.hpp"
#include "carousel/detail/buf/group_record.hpp"
#include "carousel/detail/driver/failure_note.hpp"
#include "carousel/detail/driver/operation.hpp"
#include "carousel/detail/driver/stream_handle.hpp"

namespace carousel::detail {

/// A stream of what comes through a connection; its items are positions in the pool of buffers
/// which it has leased.
class receive_record final : public stream_record {
 public:
  /// Throws std::bad_alloc.
  [[nodiscard]] static receive_record* make(file_operation socket, group_ref group);
  [[nodiscard]] const fd_ref& socket() const noexcept { return socket_; }
  [[nodiscard]] group_record& group() const noexcept { return *group_.operator->(); }
  /// The lease that an item is.
  [[nodiscard]] fixed_buf lease_of(std::int32_t item) const noexcept;

 private:
  receive_record(fd_ref socket, group_ref group);
  ~receive_record() override = default;
  void discard(std::int32_t item) noexcept override;

  fd_ref socket_;
  group_ref group_;
};

struct received_leases {
  using record = receive_record;

  [[nodiscard]] static result<fixed_buf> make(const receive_record& of,
                                              std::int32_t item) noexcept {
    return of.lease_of(item);
  }
  [[nodiscard]] static std::error_code explain(const receive_record& of,
                                               std::error_code error) noexcept {
    return note_failure(error, opcode::recv, of.socket().get());
  }
};

}  // namespace carousel::detail
