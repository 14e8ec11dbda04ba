#include "copy/hard_links.hpp"

#include <utility>

namespace carousel::tool {

hard_links::role hard_links::meet(const likeness& file, file_job& job, copied& result) {
  const auto [at, is_new] = files_.try_emplace(file);
  entry& e = at->second;
  const bool waited = job.has_names == file;
  if (e.busy && !is_new && !waited) {
    // Descriptors are for those who use them now.
    job.open = {};
    job.turn.pass();
    job.has_names = file;
    if (!e.waiting) e.waiting = std::make_unique<std::deque<file_job>>();
    e.waiting->push_back(std::move(job));
    return role::waiting;
  }
  if (e.made) {
    result = *e.made;
    return role::later;
  }
  e.busy = true;
  job.has_names = file;
  job.leads = true;
  return role::first;
}

void hard_links::begin_again(const likeness& file, file_job& job) {
  entry& e = files_.at(file);
  e.made.reset();
  e.busy = true;
  job.has_names = file;
  job.leads = true;
}

std::optional<file_job> hard_links::finish(const likeness& file, std::optional<copied> made) {
  const auto at = files_.find(file);
  entry& e = at->second;
  if (made) e.made = std::move(made);
  if (e.waiting) {
    file_job next = std::move(e.waiting->front());
    e.waiting->pop_front();
    if (e.waiting->empty()) e.waiting.reset();
    return next;
  }
  e.busy = false;
  if (!e.made) files_.erase(at);  // the next name is the first one
  return std::nullopt;
}

}  // namespace carousel::tool
