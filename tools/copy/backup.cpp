#include "copy/backup.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <utility>

#include "common/last_error.hpp"
#include "copy/landing.hpp"
#include "copy/listing.hpp"

namespace carousel::tool {
namespace {

using control = backup_wish::control;

/// N of "NAME.~N~"; 0: it is no such name.
std::uint64_t backup_number(std::string_view entry, std::string_view name) noexcept {
  if (!entry.starts_with(name)) return 0;
  entry.remove_prefix(name.size());
  if (!entry.starts_with(".~") || !entry.ends_with('~') || entry.size() < 4) return 0;
  entry = entry.substr(2, entry.size() - 3);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(entry.data(), entry.data() + entry.size(), number);
  const bool whole = error == std::errc() && end == entry.data() + entry.size();
  return whole && entry.front() != '0' ? number : 0;
}

/// The highest of the name; 0: there is none.
result<std::uint64_t> last_number(int directory, std::string_view name) {
  const listing stream = listing_of(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!stream) return std::unexpected(last_error());
  std::uint64_t highest = 0;
  while (const dirent* entry = ::readdir(stream.get()))
    highest = std::max(highest, backup_number(static_cast<const char*>(entry->d_name), name));
  return highest;
}

}  // namespace

std::optional<control> backup_control(std::string_view word) noexcept {
  constexpr std::array<std::pair<std::string_view, control>, 8> words = {{
      {"none", control::none},
      {"off", control::none},
      {"simple", control::simple},
      {"never", control::simple},
      {"existing", control::existing},
      {"nil", control::existing},
      {"numbered", control::numbered},
      {"t", control::numbered},
  }};
  const auto* const found = std::ranges::find(words, word, [](const auto& w) { return w.first; });
  if (found == words.end()) return std::nullopt;
  return found->second;
}

result<std::string> backup_name(int directory, const std::string& name, const backup_wish& wish) {
  if (wish.how == control::simple) return name + wish.suffix;
  const auto last = last_number(directory, name);
  if (!last) return std::unexpected(last.error());
  if (*last == 0 && wish.how == control::existing) return name + wish.suffix;
  return name + ".~" + std::to_string(*last + 1) + "~";
}

result<> keep_backup(const directory& where, const std::string& name, const backup_wish& wish,
                     const identity& source) {
  struct stat about{};
  if (::fstatat(where.fd(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return {};
    return std::unexpected(last_error());
  }
  const auto backup = backup_name(where.fd(), name, wish);
  if (!backup) return std::unexpected(backup.error());
  if (::fstatat(where.fd(), backup->c_str(), &about, 0) == 0 && identity_of(about) == source)
    return std::unexpected(std::make_error_code(std::errc::file_exists));
  auto kept = land_node(where, *backup, if_exists::replace, [&](const char* as) {
    return ::linkat(where.fd(), name.c_str(), where.fd(), as, 0);
  });
  if (kept || !takes_no_link(kept.error())) return kept;
  if (::renameat(where.fd(), name.c_str(), where.fd(), backup->c_str()) == 0) return {};
  return std::unexpected(last_error());
}

}  // namespace carousel::tool
