#include "carousel/detail/driver/buffer_table.hpp"

#include <sys/uio.h>

#include <cerrno>
#include <utility>

#include "carousel/detail/base/assert.hpp"
#include "sys/kernel.hpp"

namespace carousel::detail {
namespace {

/// The kernel refuses a buffer, and not to register.
[[nodiscard]] constexpr bool is_about_memory(int error) noexcept {
  return error == -EFAULT || error == -EOVERFLOW || error == -EOPNOTSUPP;
}

}  // namespace

buffer_table::~buffer_table() {
  CAROUSEL_ASSERT(users_ == 0, "a driver ended while operations used its buffer table");
  if (memory_ != nullptr) remove(0);
}

result<> buffer_table::add(registered_memory& memory, std::span<const iovec> buffers) {
  if (memory_ != nullptr) return std::unexpected(make_error_code(errc::already_registered));
  settle();
  if (removed_ != nullptr) return std::unexpected(make_error_code(errc::busy));
  const int error = kernel_->register_buffers(buffers);
  if (error < 0) return std::unexpected(kernel_error(refused_register + error));
  memory_ = &memory;
  in_kernel_ = true;
  return {};
}

std::optional<std::size_t> buffer_table::first_refused(std::span<const iovec> buffers) noexcept {
  std::size_t begin = 0;  // those before are taken
  std::size_t end = buffers.size();
  while (end - begin > 1) {
    const std::size_t middle = begin + (end - begin) / 2;
    const int error = kernel_->register_buffers(buffers.subspan(begin, middle - begin));
    if (error == 0) {
      (void)kernel_->unregister_buffers();
      begin = middle;
    } else if (is_about_memory(error)) {
      end = middle;
    } else {
      return std::nullopt;  // it refuses as such now
    }
  }
  return begin;
}

void buffer_table::add_plain(registered_memory& memory) noexcept {
  memory_ = &memory;
  in_kernel_ = false;
}

void buffer_table::remove(std::size_t users) noexcept {
  registered_memory* memory = std::exchange(memory_, nullptr);
  if (!in_kernel_) {
    memory->registration_ended();
    return;
  }
  removed_ = memory;
  users_ = users;
  settle();
}

void buffer_table::abandon() noexcept {
  for (registered_memory** memory : {&memory_, &removed_}) {
    if (*memory != nullptr) std::exchange(*memory, nullptr)->registration_ended();
  }
}

void buffer_table::finish_removal() noexcept {
  if (forks_ == forks) (void)kernel_->unregister_buffers();
  std::exchange(removed_, nullptr)->registration_ended();
}

}  // namespace carousel::detail
