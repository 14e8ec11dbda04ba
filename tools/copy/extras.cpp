#include "copy/extras.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "copy/name_claims.hpp"

namespace carousel::tool {
namespace {

constexpr auto none = static_cast<std::size_t>(-1);

/// What a name leads to where names fold; nothing otherwise.
identities found_by(const std::vector<directory_entry>& wanted, int directory) {
  identities found;
  if (!may_fold_names(directory)) return found;
  for (const directory_entry& entry : wanted) {
    const char* const name = entry.name.c_str();
    struct stat about{};
    if (::fstatat(directory, name, &about, AT_SYMLINK_NOFOLLOW) == 0)
      found.insert(identity_in(directory, name, about));
  }
  return found;
}

bool is_among(const identities& found, int directory, const std::string& name) {
  struct stat about{};
  return !found.empty() && ::fstatat(directory, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0 &&
         found.contains(identity_in(directory, name.c_str(), about));
}

}  // namespace

void extras::compare(const std::shared_ptr<place>& where,
                     const std::vector<directory_entry>& wanted,
                     const std::vector<directory_entry>& there, const exclusions& left_out) {
  std::unordered_set<std::string_view> names;
  for (const directory_entry& entry : wanted) names.insert(entry.name);
  const auto [at, is_first] = compared_.try_emplace(where->target_id, none);
  if (!is_first) {
    // What is left is in none of the sources so far.
    if (at->second != none)
      std::erase_if(found_[at->second].names,
                    [&](const std::string& name) { return names.contains(name); });
    return;
  }
  const int target = where->target.fd();
  const identities spelt_otherwise = found_by(wanted, target);
  in_directory beside{where, {}};
  for (const directory_entry& entry : there) {
    if (names.contains(entry.name) || is_among(spelt_otherwise, target, entry.name)) continue;
    const bool is_directory = entry_type(target, entry, false) == S_IFDIR;
    if (!left_out.cover(*where, entry.name, is_directory)) beside.names.push_back(entry.name);
  }
  if (beside.names.empty()) return;
  std::ranges::sort(beside.names);
  at->second = found_.size();
  found_.push_back(std::move(beside));
}

void extras::keep(const identity& target, std::string_view name) {
  const auto at = compared_.find(target);
  if (at != compared_.end() && at->second != none) std::erase(found_[at->second].names, name);
}

std::vector<extras::in_directory> extras::take() {
  compared_.clear();
  return std::exchange(found_, {});
}

}  // namespace carousel::tool
