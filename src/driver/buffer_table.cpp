#include "carousel/detail/driver/buffer_table.hpp"

#include <sys/uio.h>

#include <cerrno>
#include <utility>

#include "base/state_assert.hpp"
#include "sys/kernel.hpp"

namespace carousel::detail {
namespace {

/// The kernel refuses a buffer, and not to register.
[[nodiscard]] constexpr bool is_about_memory(int error) noexcept {
  return error == -EFAULT || error == -EOVERFLOW || error == -EOPNOTSUPP;
}

}  // namespace

buffer_table::~buffer_table() {
  CAROUSEL_ASSERT_STATE(leaving_ == nullptr || leaving_->users_ == 0,
                        "a driver ended while operations used its buffer table: %zu",
                        leaving_->users_);
  settle();
  if (!present_.empty()) remove(present_.front(), 0);
}

result<> buffer_table::add(buffer_registration& new_one, std::span<const iovec> buffers) {
  settle();
  if (!present_.empty())
    return std::unexpected(make_error_code(removing() ? errc::busy : errc::already_registered));
  const int error = kernel_->register_buffers(buffers);
  if (error < 0) return std::unexpected(kernel_error(refused_register + error));
  add_plain(new_one);
  new_one.in_kernel_ = true;
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
  if (begin == end) return std::nullopt;
  const int error = kernel_->register_buffers(buffers.subspan(begin, 1));
  if (error == 0) (void)kernel_->unregister_buffers();
  return is_about_memory(error) ? std::optional(begin) : std::nullopt;
}

void buffer_table::add_plain(buffer_registration& new_one) noexcept {
  new_one.io_ = io_;
  new_one.thread_ = &thread_mark;
  new_one.forks_ = forks;
  new_one.in_kernel_ = false;
  new_one.first_ = 0;
  present_.push_back(new_one);
}

void buffer_table::remove(buffer_registration& old, std::size_t users) noexcept {
  CAROUSEL_ASSERT_STATE(old.io_ == io_ && leaving_ != &old,
                        "a registration was given up twice: %zu operations used it the first time, "
                        "and %zu do now",
                        old.users_, users);
  old.io_ = nullptr;
  if (!old.in_kernel_) {
    end(old);
    return;
  }
  old.users_ = users;
  leaving_ = &old;
  settle();
}

void buffer_table::end_use() noexcept {
  CAROUSEL_ASSERT_STATE(
      leaving_ != nullptr && leaving_->users_ != 0,
      "more operations have ended with a registration than had begun with it: %zu are left%s",
      leaving_ != nullptr ? leaving_->users_ : 0,
      leaving_ != nullptr ? "" : ", and none was given up");
  --leaving_->users_;
}

void buffer_table::abandon() noexcept {
  leaving_ = nullptr;
  while (!present_.empty()) end(present_.front());
}

void buffer_table::finish_removal() noexcept {
  if (forks_ == forks) (void)kernel_->unregister_buffers();
  end(*std::exchange(leaving_, nullptr));
}

void buffer_table::end(buffer_registration& gone) noexcept {
  gone.io_ = nullptr;
  gone.unlink();
  gone.ended();
}

}  // namespace carousel::detail
