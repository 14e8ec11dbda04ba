#include <utility>
#include <vector>

#include "copy/copier.hpp"
#include "copy/quick_copy.hpp"

// The files of a directory that the copy has made: nothing can be in the way of one, so nothing has
// to be decided before it is copied, and many go to a thread at once.

namespace carousel::tool {

task<> copier::visit_files(std::shared_ptr<place> where, std::vector<directory_entry> entries) {
  const bool is_quick = quick_copy::suits(options_) && !remember_landed_ &&
                        quick_copy::trusts(where->source.fd(), where->target.fd());
  if (is_quick && report_.pending() > steps_max) co_await finish_files();
  std::vector<file_job> jobs;
  for (directory_entry& entry : entries) {
    if (!is_quick) {
      claim free{.was_free = true};
      co_await visit(where, std::move(entry), std::move(free));
      continue;
    }
    file_job job{where, {}, entry.name, std::move(entry.name), {.was_free = true}};
    job.said = report_.begin();
    job.turn = turns_.begin();
    jobs.push_back(std::move(job));
  }
  if (!is_quick) co_return;
  auto bundle = co_await bundles_.acquire();
  auto permit = co_await permits_.acquire();
  if (!bundle || !permit) {
    for (file_job& job : jobs) co_await leave(std::move(job));
    co_return;
  }
  use_threads(jobs.size());
  spawn_beside(
      copy_bundle(std::move(jobs), bundle_permits{std::move(*bundle), std::move(*permit)}));
  if (files_.size() >= reap_at_) co_await reap();
}

/// What is not copied quickly goes the way of every file: beside this task as far as permits are
/// left, or else in it, for those that have them may wait for the turn of one of these.
task<> copier::copy_bundle(std::vector<file_job> jobs, bundle_permits permits) {
  const bundle_permits held = std::move(permits);
  bundle_outcome copied(jobs.size());
  handles open;
  if (!report_.over()) copied = co_await copy_quickly(jobs, open);
  const descriptor_line::lender lends(line_, [&open] {
    const bool some = open.source.fd() >= 0 || open.target.fd() >= 0;
    open = {};
    return some;
  });
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    jobs[i].open = open;
    if (copied[i]) {
      ++report_.files;
      report_.sizes += copied[i]->size;
      report_.count(copied[i]->way, copied[i]->size);
      co_await leave(std::move(jobs[i]));
    } else if (auto another = permits_.try_acquire()) {
      spawn_copy(std::move(jobs[i]), std::move(*another));
    } else {
      co_await copy_file(std::move(jobs[i]));
    }
  }
}

/// Leaves the directory open for those that were not copied.
task<bundle_outcome> copier::copy_quickly(std::vector<file_job>& jobs, handles& open) {
  file_job& first = jobs.front();
  const auto opened = co_await walk_.open_in_line(*first.where, open);
  if (!opened) co_return bundle_outcome(jobs.size());  // each of them says so
  const descriptor_line::holder holds(line_);
  first.open = open;
  auto copied = co_await carry_out(jobs);
  first.open = {};
  co_return copied;
}

task<bundle_outcome> copier::carry_out(const std::vector<file_job>& jobs) {
  if (!threads_ || threads_->empty()) co_return co_await own_.copy(file_bundle{&jobs});
  auto copied = co_await threads_->copy(file_bundle{&jobs});
  if (copied) co_return std::move(*copied);
  co_return bundle_outcome(jobs.size());  // stopped, after an interruption
}

}  // namespace carousel::tool
