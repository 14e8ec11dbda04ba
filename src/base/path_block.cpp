#include "carousel/detail/base/path_block.hpp"

#include <linux/limits.h>

namespace carousel::detail {
namespace {

failure_code refusal_of(std::string_view path) noexcept {
  if (path.size() >= PATH_MAX) return failure(std::errc::filename_too_long);
  if (path.find('\0') != std::string_view::npos) return failure(std::errc::invalid_argument);
  return 0;
}

}  // namespace

path_block::path_block(std::string_view first, std::string_view second)
    : error_(refusal_of(first)) {
  if (error_ == 0 && !second.empty()) error_ = refusal_of(second);
  if (error_ != 0) return;
  second_at_ = static_cast<std::uint32_t>(first.size() + 1);
  bytes_ = static_cast<std::uint32_t>(second_at_ + second.size() + 1);
  memory_ = static_cast<char*>(recycler::allocate(bytes_));
  memory_[first.copy(memory_, first.size())] = '\0';
  memory_[second_at_ + second.copy(memory_ + second_at_, second.size())] = '\0';
}

}  // namespace carousel::detail
