#pragma once

#include <sys/un.h>

#include <cstddef>
#include <string_view>

namespace carousel::detail {

/// The rules of sockaddr_un (unix(7)): what a name is, its length says, and no NUL. Without one it
/// has two bytes, an abstract one begins with NUL, and a path of 108 bytes ends with none.
struct unix_name {
  static constexpr std::size_t header_bytes = offsetof(sockaddr_un, sun_path);
  static constexpr std::size_t path_max = sizeof(sockaddr_un{}.sun_path);

  /// As text, "unix:@" would make an abstract name of this path; one "./" more does not. The same
  /// is true of the path with that.
  [[nodiscard]] static constexpr bool looks_abstract(std::string_view path) noexcept {
    while (path.starts_with("./")) path.remove_prefix(2);
    return path.starts_with('@');
  }
};

}  // namespace carousel::detail
