#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

#include "carousel/detail/driver/driver.hpp"
#include "driver/turn.hpp"
#include "ring/ring.hpp"

// How others wake a driver, and how it wakes others.

namespace carousel::detail {

/// False: there was no room for the read, so nobody outside could end a wait.
bool driver::encode_wake() noexcept {
  if (wake_.ending) {
    if (!wake_.reading || wake_.canceled) return true;
    const request cancel{.code = opcode::async_cancel, .address = wake_user_data};
    wake_.canceled = ring_->push(cancel, wake_cancel_user_data);
    if (wake_.canceled) ++in_kernel_;
    return wake_.canceled;
  }
  if (wake_.reading) return true;
  const request read{.code = opcode::read,
                     .fd = wake_.fd,
                     .offset = current_position,
                     .address = reinterpret_cast<std::uintptr_t>(&wake_.bytes),
                     .length = sizeof wake_.bytes};
  wake_.reading = ring_->push(read, wake_user_data);
  if (wake_.reading) ++in_kernel_;
  return wake_.reading;
}

result<int> driver::event_fd() noexcept {
  if (event_fd_ < 0) {
    const int made = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (made < 0) return std::unexpected(kernel_error(-errno));
    if (const int error = ring_->kernel().register_eventfd(made); error < 0) {
      ::close(made);
      return std::unexpected(kernel_error(error));
    }
    event_fd_ = made;
  }
  return event_fd_;
}

}  // namespace carousel::detail
