#include "common/operand_list.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "common/last_error.hpp"
#include "common/naming.hpp"

namespace carousel::tool {
namespace {

/// 0, or an errno.
int read_to_end(int fd, std::string& text) {
  std::array<char, 65536> room;
  for (;;) {
    const ssize_t n = ::read(fd, room.data(), room.size());
    if (n == 0) return 0;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    text.append(room.data(), static_cast<std::size_t>(n));
  }
}

}  // namespace

std::expected<std::vector<std::string>, std::string> read_operand_list(const std::string& path,
                                                                       char end) {
  const bool is_stdin = path == "-";
  const int fd = is_stdin ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::string text;
  const int error = fd < 0 ? errno : read_to_end(fd, text);
  if (fd >= 0 && !is_stdin) ::close(fd);
  if (error != 0)
    return std::unexpected(
        fmt::format("cannot read {}: {}", shell_quoted(path), error_text(error)));
  std::vector<std::string> operands;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view one = rest.substr(0, rest.find(end));
    if (one.empty())
      return std::unexpected(fmt::format("{}: number {} of the names is empty", shell_quoted(path),
                                         operands.size() + 1));
    if (one.contains('\0'))
      return std::unexpected(fmt::format(
          "{}: number {} of the names has a NUL byte in it; names that end with one are "
          "for --files-from with -0",
          shell_quoted(path), operands.size() + 1));
    operands.emplace_back(one);
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
  }
  return operands;
}

}  // namespace carousel::tool
