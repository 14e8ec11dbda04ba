#include "copy/exclusions.hpp"

#include <fnmatch.h>

#include <algorithm>

#include "common/naming.hpp"

namespace carousel::tool {
namespace {

/// From the top of the tree, whose own name is no part of it.
std::string path_in_tree(const place& where, const std::string& name) {
  std::string path = name;
  for (const place* at = &where; at->parent && at->parent->parent; at = at->parent.get())
    path.insert(0, at->source_name + "/");
  return path;
}

}  // namespace

exclusions::exclusions(const std::vector<std::string>& patterns) {
  for (const std::string& given : patterns) {
    const std::string_view text = without_slashes(given);
    pattern made{std::string(text), text.find('/') != text.npos, text.size() != given.size()};
    if (made.of_path) made.text.erase(0, made.text.find_first_not_of('/'));
    some_of_paths_ = some_of_paths_ || made.of_path;
    patterns_.push_back(std::move(made));
  }
}

bool exclusions::cover(const place& where, const std::string& name, bool directory) const {
  const std::string path = some_of_paths_ ? path_in_tree(where, name) : std::string();
  return std::ranges::any_of(patterns_, [&](const pattern& p) {
    if (p.of_directory && !directory) return false;
    const std::string& text = p.of_path ? path : name;
    return ::fnmatch(p.text.c_str(), text.c_str(), FNM_PATHNAME) == 0;
  });
}

}  // namespace carousel::tool
