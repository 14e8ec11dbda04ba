#include "common/mount_entry.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

namespace carousel::tool {
namespace {

/// Spaces, tabs, line ends and backslashes are written as three octal digits.
std::string unescaped(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '7'; };
    if (text.size() >= 4 && text[0] == '\\' && digit(1) && digit(2) && digit(3)) {
      plain += static_cast<char>((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
      text.remove_prefix(4);
    } else {
      plain += text.front();
      text.remove_prefix(1);
    }
  }
  return plain;
}

}  // namespace

std::vector<mount_entry> read_mounts(std::istream& text) {
  std::vector<mount_entry> found;
  for (std::string line; std::getline(text, line);) {
    // Optional fields end with " - ".
    const std::size_t separator = line.find(" - ");
    if (separator == std::string::npos) continue;
    std::istringstream before(line.substr(0, separator));
    std::istringstream behind(line.substr(separator + 3));
    mount_entry entry;
    std::string unused;
    std::string root;
    std::string at;
    if (!(before >> entry.id >> unused >> unused >> root >> at) ||
        !(behind >> entry.type >> unused >> entry.options))
      continue;
    entry.root = unescaped(root);
    entry.at = unescaped(at);
    entry.options = unescaped(entry.options);
    found.push_back(std::move(entry));
  }
  return found;
}

std::vector<mount_entry> read_mounts(const std::filesystem::path& root) {
  std::ifstream text(root / "proc/self/mountinfo");
  return read_mounts(text);
}

std::optional<mount_entry> mount_of(int fd) {
  struct statx about{};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &about) != 0 ||
      (about.stx_mask & STATX_MNT_ID) == 0)
    return std::nullopt;
  for (mount_entry& entry : read_mounts())
    if (entry.id == about.stx_mnt_id) return std::move(entry);
  return std::nullopt;
}

std::optional<std::string> mount_option(const std::string& options, const std::string& option) {
  std::istringstream list(options);
  for (std::string one; std::getline(list, one, ',');) {
    if (one == option) return std::string();
    if (one.starts_with(option + "=")) return one.substr(option.size() + 1);
  }
  return std::nullopt;
}

}  // namespace carousel::tool
