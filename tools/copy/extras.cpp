#include "copy/extras.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "copy/name_claims.hpp"

namespace carousel::tool {
namespace {

constexpr auto none = static_cast<std::size_t>(-1);

/// What a name leads to where names fold; nothing otherwise.
identities found_by(const name_list& wanted, int directory) {
  identities found;
  if (!may_fold_names(directory)) return found;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const char* const name = wanted[i].c_str();
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

void extras::compare(const std::shared_ptr<place>& where, const name_list& wanted,
                     const name_list& there, const exclusions& left_out) {
  // Sorted, because a table of hashes would take several times the memory.
  std::vector<std::string_view> names(wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) names[i] = wanted[i].name;
  std::ranges::sort(names);
  const auto is_wanted = [&](std::string_view name) {
    return std::ranges::binary_search(names, name);
  };
  const auto [at, is_first] = compared_.try_emplace(where->target_id, none);
  if (!is_first) {
    // What is left is in none of the sources so far.
    if (at->second != none) std::erase_if(found_[at->second].names, is_wanted);
    return;
  }
  const int target = where->target.fd();
  const identities spelt_otherwise = found_by(wanted, target);
  in_directory beside{where, {}};
  for (std::size_t i = 0; i < there.size(); ++i) {
    const name_list::entry entry = there[i];
    std::string name(entry.name);
    if (is_wanted(entry.name) || is_among(spelt_otherwise, target, name)) continue;
    const bool is_directory =
        entry_type(target, name.c_str(), entry.type, follow_links::no) == S_IFDIR;
    if (!left_out.cover(*where, name, is_directory)) beside.names.push_back(std::move(name));
  }
  if (beside.names.empty()) return;
  std::ranges::sort(beside.names);
  at->second = found_.size();
  found_.push_back(std::move(beside));
}

void extras::keep(const identity& target, const std::unordered_set<std::string_view>& names) {
  const auto at = compared_.find(target);
  if (at == compared_.end() || at->second == none) return;
  std::erase_if(found_[at->second].names,
                [&](const std::string& name) { return names.contains(name); });
}

std::vector<extras::in_directory> extras::take() {
  compared_.clear();
  return std::exchange(found_, {});
}

}  // namespace carousel::tool
