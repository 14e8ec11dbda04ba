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

std::expected<std::vector<std::string>, std::string> read_lines(const std::string& path, char end) {
  const bool is_stdin = path == "-";
  const int fd = is_stdin ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::string text;
  const int error = fd < 0 ? errno : read_to_end(fd, text);
  if (fd >= 0 && !is_stdin) ::close(fd);
  if (error != 0)
    return std::unexpected(
        fmt::format("cannot read {}: {}", shell_quoted(path), error_text(error)));
  std::vector<std::string> lines;
  for (std::string_view rest = text; !rest.empty();) {
    lines.emplace_back(rest.substr(0, rest.find(end)));
    rest.remove_prefix(std::min(rest.size(), lines.back().size() + 1));
  }
  return lines;
}

std::expected<std::vector<std::string>, std::string> read_operand_list(const std::string& path,
                                                                       char end) {
  auto operands = read_lines(path, end);
  if (!operands) return operands;
  for (std::size_t i = 0; i < operands->size(); ++i) {
    const std::string& one = (*operands)[i];
    if (one.empty())
      return std::unexpected(
          fmt::format("{}: number {} of the names is empty", shell_quoted(path), i + 1));
    if (one.contains('\0'))
      return std::unexpected(fmt::format(
          "{}: number {} of the names has a NUL byte in it; names that end with one are "
          "for --files-from with -0",
          shell_quoted(path), i + 1));
  }
  return operands;
}

}  // namespace carousel::tool
