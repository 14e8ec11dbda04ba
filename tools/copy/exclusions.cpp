#include "copy/exclusions.hpp"

#include <fnmatch.h>

#include <algorithm>

#include "common/naming.hpp"

namespace carousel::tool {
namespace {

bool matches(const std::string& pattern, const std::string& text) noexcept {
  return ::fnmatch(pattern.c_str(), text.c_str(), FNM_PATHNAME) == 0;
}

/// How many slashes are in such a path, as far as that many.
std::size_t depth_in_tree(const place& where, std::size_t max) noexcept {
  std::size_t depth = 0;
  for (const place* at = &where; depth <= max && is_in_tree(*at); at = at->parent.get()) ++depth;
  return depth;
}

}  // namespace

exclusions::exclusions(const std::vector<std::string>& patterns) {
  for (const std::string& given : patterns) {
    const std::string_view text = without_slashes(given);
    pattern made{std::string(text), text.find('/') != text.npos, text.size() != given.size()};
    if (made.of_path) {
      made.text.erase(0, made.text.find_first_not_of('/'));
      made.slashes = static_cast<std::size_t>(std::ranges::count(made.text, '/'));
      deepest_ = std::max(deepest_, made.slashes);
    }
    patterns_.push_back(std::move(made));
  }
}

bool exclusions::cover(const place& where, const std::string& name, bool directory) const {
  const std::size_t depth = depth_in_tree(where, deepest_);
  return std::ranges::any_of(patterns_, [&](const pattern& p) {
    // A path has as many slashes as its pattern: in a deep tree few need to be known.
    if ((p.of_directory && !directory) || (p.of_path && p.slashes != depth)) return false;
    return p.of_path ? matches(p.text, path_in_tree(where, name)) : matches(p.text, name);
  });
}

}  // namespace carousel::tool
