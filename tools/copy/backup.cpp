#include "copy/backup.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <utility>

#include "common/last_error.hpp"
#include "copy/landing.hpp"
#include "copy/listing.hpp"

namespace carousel::tool {
namespace {

using control = backup_wish::control;

/// N of "NAME.~N~", which may be longer than any number that is computed with; empty: it is no such
/// name.
std::string_view backup_number(std::string_view entry, std::string_view name) noexcept {
  if (!entry.starts_with(name)) return {};
  entry.remove_prefix(name.size());
  if (!entry.starts_with(".~") || !entry.ends_with('~') || entry.size() < 4) return {};
  entry = entry.substr(2, entry.size() - 3);
  const bool is_number = std::ranges::all_of(entry, [](char c) { return c >= '0' && c <= '9'; });
  return is_number && entry.front() != '0' ? entry : std::string_view();
}

/// Numbers without zeros before them.
bool is_less(std::string_view one, std::string_view other) noexcept {
  return one.size() != other.size() ? one.size() < other.size() : one < other;
}

std::string next_number(std::string number) {
  const std::size_t last = number.find_last_not_of('9');
  const std::size_t nines = last == std::string::npos ? 0 : last + 1;
  std::fill(number.begin() + static_cast<std::ptrdiff_t>(nines), number.end(), '0');
  if (nines == 0) return "1" + number;
  ++number[nines - 1];
  return number;
}

/// The highest of the name; empty: there is none.
result<std::string> last_number(int directory, std::string_view name) {
  const listing stream = listing_of(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!stream) return std::unexpected(last_error());
  std::string highest;
  while (const dirent* entry = ::readdir(stream.get())) {
    const auto number = backup_number(static_cast<const char*>(entry->d_name), name);
    if (is_less(highest, number)) highest = number;
  }
  return highest;
}

/// CAP_FOWNER.
bool acts_for_owners() noexcept {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  return ::syscall(SYS_capget, &header, sets.data()) == 0 &&
         (sets[0].effective & (1U << CAP_FOWNER)) != 0;
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
  if (last->empty() && wish.how == control::existing) return name + wish.suffix;
  return name + ".~" + next_number(*last) + "~";
}

bool may_be_removed(int directory, const struct stat& about) noexcept {
  struct stat above{};
  if (::fstat(directory, &above) != 0 || (above.st_mode & S_ISVTX) == 0) return true;
  const uid_t user = ::geteuid();
  return about.st_uid == user || above.st_uid == user || acts_for_owners();
}

result<bool> keep_backup(const directory& where, const std::string& name,
                         const std::string& backup) {
  const auto linked = land_node(where, backup, if_exists::replace, [&](const char* as) {
    return ::linkat(where.fd(), name.c_str(), where.fd(), as, 0);
  });
  if (linked) return true;
  if (!takes_no_link(linked.error())) return std::unexpected(linked.error());
  if (::renameat(where.fd(), name.c_str(), where.fd(), backup.c_str()) == 0) return false;
  return std::unexpected(last_error());
}

}  // namespace carousel::tool
