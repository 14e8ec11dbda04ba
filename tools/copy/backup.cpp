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

/// "NAME.~N~". N may be longer than any number that is computed with.
struct numbered_entry {
  std::string_view name;  ///< empty: it is no such entry
  std::string_view number;
};

numbered_entry numbered(std::string_view entry) noexcept {
  if (!entry.ends_with('~')) return {};
  entry.remove_suffix(1);
  const std::size_t dot = entry.rfind(".~");
  if (dot == std::string_view::npos) return {};
  const std::string_view number = entry.substr(dot + 2);
  const bool is_number = !number.empty() && number.front() != '0' &&
                         std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
  return is_number ? numbered_entry{entry.substr(0, dot), number} : numbered_entry();
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

result<> numbered_backups::list(int directory) {
  highest_.clear();
  listed_.reset();
  struct stat about{};
  if (::fstat(directory, &about) != 0) return std::unexpected(last_error());
  const listing stream = listing_of(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!stream) return std::unexpected(last_error());
  while (const dirent* entry = ::readdir(stream.get()))
    note(static_cast<const char*>(entry->d_name));
  listed_ = identity_of(about);
  return {};
}

void numbered_backups::add(int directory, std::string_view entry) {
  if (is_listed(directory)) note(entry);
}

bool numbered_backups::is_listed(int directory) const noexcept {
  struct stat about{};
  return listed_ && ::fstat(directory, &about) == 0 && *listed_ == identity_of(about);
}

void numbered_backups::note(std::string_view entry) {
  const auto [name, number] = numbered(entry);
  if (name.empty()) return;
  std::string& highest = highest_[std::string(name)];
  if (is_less(highest, number)) highest = number;
}

result<std::string> numbered_backups::last(int directory, const std::string& name) {
  if (!is_listed(directory)) {
    if (const auto listed = list(directory); !listed) return std::unexpected(listed.error());
  }
  const auto at = highest_.find(name);
  return at == highest_.end() ? std::string() : at->second;
}

result<chosen_name> backup_name(int directory, const std::string& name, const backup_wish& wish,
                                numbered_backups& numbered) {
  if (wish.how == control::simple) return chosen_name{name + wish.suffix};
  const auto last = numbered.last(directory, name);
  if (!last) return std::unexpected(last.error());
  if (last->empty() && wish.how == control::existing) return chosen_name{name + wish.suffix};
  return chosen_name{name + ".~" + next_number(*last) + "~", true};
}

bool may_be_removed(int directory, const struct stat& about) noexcept {
  struct stat above{};
  if (::fstat(directory, &above) != 0 || (above.st_mode & S_ISVTX) == 0) return true;
  const uid_t user = ::geteuid();
  return about.st_uid == user || above.st_uid == user || acts_for_owners();
}

result<bool> keep_backup(const directory& where, const std::string& name, const std::string& backup,
                         if_exists then) {
  const auto linked = land_node(where, backup, then, [&](const char* as) {
    return ::linkat(where.fd(), name.c_str(), where.fd(), as, 0);
  });
  if (linked) return true;
  if (!takes_no_link(linked.error())) return std::unexpected(linked.error());
  const auto moved = move_into_place(where.fd(), name, backup, then);
  if (!moved) return std::unexpected(moved.error());
  return false;
}

}  // namespace carousel::tool
