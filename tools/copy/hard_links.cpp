#include "copy/hard_links.hpp"

#include <utility>

namespace carousel::tool {

hard_links::role hard_links::meet(const likeness& file, file_job& job, copied& result) {
  const auto [at, is_first] = files_.try_emplace(file);
  if (is_first) return role::first;
  if (at->second.made) {
    result = *at->second.made;
    return role::later;
  }
  // Descriptors are for those who use them now.
  job.open = {};
  at->second.waiting.push_back(std::move(job));
  return role::waiting;
}

void hard_links::begin_again(const likeness& file) { files_.at(file).made.reset(); }

std::vector<file_job> hard_links::finish(const likeness& file, std::optional<copied> made) {
  entry& e = files_.at(file);
  std::vector<file_job> waiting = std::exchange(e.waiting, {});
  if (made) {
    e.made = std::move(made);
  } else {
    files_.erase(file);  // the next name is the first one
  }
  return waiting;
}

}  // namespace carousel::tool
