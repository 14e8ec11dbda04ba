#include "driver/wake_read.hpp"

namespace carousel::detail {

bool wake_read::encode(ring& into, std::size_t& requests) noexcept {
  if (ending_) {
    if (!reading_ || canceled_) return true;
    const request cancel{.code = opcode::async_cancel, .address = read_name};
    canceled_ = into.push(cancel, cancel_name);
    if (canceled_) ++requests;
    return canceled_;
  }
  if (reading_) return true;
  const request read{.code = opcode::read,
                     .fd = fd_,
                     .offset = current_position,
                     .address = reinterpret_cast<std::uintptr_t>(&bytes_),
                     .length = sizeof bytes_};
  reading_ = into.push(read, read_name);
  if (reading_) ++requests;
  return reading_;
}

}  // namespace carousel::detail
