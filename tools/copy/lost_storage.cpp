#include "copy/lost_storage.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

namespace carousel::tool {

bool is_lost_storage(const std::error_code& why) noexcept {
  constexpr std::array lost = {EIO, ENODEV, ENOTCONN, ESHUTDOWN, ESTALE, ETIMEDOUT, EHOSTDOWN};
  return std::ranges::any_of(lost, [&](int one) {
    return why == std::error_code(one, std::generic_category()) ||
           why == std::error_code(one, std::system_category());
  });
}

}  // namespace carousel::tool
