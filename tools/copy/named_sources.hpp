#pragma once

#include <set>
#include <string>
#include <utility>

#include "copy/place.hpp"

namespace carousel::tool {

/// What the command line names to be copied. A directory is known wherever it is met; anything else
/// by its name in its directory, because the other names of a file are not named.
class named_sources {
 public:
  void add_directory(const identity& itself) { directories_.insert(itself); }
  void add(const identity& directory, std::string name) {
    names_.emplace(directory, std::move(name));
  }
  [[nodiscard]] bool has_directory(const identity& itself) const {
    return directories_.contains(itself);
  }
  [[nodiscard]] bool has(const identity& directory, const std::string& name) const {
    return names_.contains({directory, name});
  }

 private:
  identities directories_;
  std::set<std::pair<identity, std::string>> names_;
};

}  // namespace carousel::tool
