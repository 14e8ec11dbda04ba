#include <fcntl.h>
#include <sys/stat.h>

#include <deque>
#include <system_error>
#include <utility>

#include "common/last_error.hpp"
#include "copy/copier.hpp"

// One file, as the thread that walks sees it: its source is opened, what is to become of it is
// decided when all before it in the walk were decided on, and then somebody copies it.

namespace carousel::tool {

task<> copier::copy_file(file_job first) {
  std::deque<file_job> jobs;  // those that waited for it
  jobs.push_back(std::move(first));
  while (!jobs.empty()) {
    file_job job = std::move(jobs.front());
    jobs.pop_front();
    const bool landed = !report_.over() && co_await copy_one(job);
    if (!job.where) continue;  // it waits for another name of its file
    if (auto next = next_name(job, landed)) jobs.push_back(std::move(*next));
    co_await leave(std::move(job));
  }
}

/// Whether there is a copy now.
task<bool> copier::copy_one(file_job& job) {
  const bool made = co_await in_line(job, &copier::make_copy);
  if (list_ == nullptr || !job.where) co_return made;
  if (job.is_kept && !options_.dry_run) (void)co_await in_line(job, &copier::list_kept);
  if (list_->meets_any()) (void)co_await in_line(job, &copier::meet_manifest);
  co_return made;
}

/// Takes the step with the directories of the job open, as often as it takes to find descriptors.
/// Its result, or false: none are to be had, which was said.
task<bool> copier::in_line(file_job& job, task<attempt> (copier::*step)(file_job&, tries&)) {
  tries all;
  for (;;) {
    no_descriptor missing;
    if (const auto open = open_handles(*job.where, job.open); open) {
      const descriptor_line::holder holds(line_);
      const attempt made = co_await (this->*step)(job, all);
      if (made) co_return *made;
      missing = made.error();
    } else {
      missing = {open.error(), "go back to",
                 job.open.source.fd() >= 0 ? side::target : side::source};
    }
    job.open = {};
    if (!missing.why) {
      all.stay.leave();
      co_await job.turn.come();
      continue;
    }
    const bool again = out_of_descriptors(missing.why) && !all.settles;
    if (again) {
      const bool waited = co_await all.stay.wait(line_, missing.why);
      all.settles = !waited;
      continue;
    }
    if (missing.end == side::target)
      fail_to_make(missing.doing, job, missing.why);
    else
      job.said->fail(missing.doing, source_path(job), missing.why);
    co_return false;
  }
}

/// False: others are in want of what the job has open while it waits.
task<bool> copier::comes_to_turn(file_job& job) {
  if (job.turn.is_here()) co_return true;
  if (line_.is_wanted()) co_return false;
  co_return co_await job.turn.come_or_be_disturbed();
}

task<copier::attempt> copier::make_copy(file_job& job, tries& all) {
  if (is_decided_by_name()) {
    const bool came = co_await comes_to_turn(job);
    if (!came) co_return std::unexpected(no_descriptor{});
    const attempt kept = keeps(job);
    if (!kept || *kept) co_return after(kept, job.is_current);
  }
  if (options_.resume == resume_wish::by_content) {
    const attempt has = co_await has_content(job);
    if (!has || *has) co_return after(has, job.is_current);
  }
  co_return co_await try_copy(job, all);
}

task<copier::attempt> copier::try_copy(file_job& job, tries& all) {
  // What looked like a file may be a FIFO by now: opening one must not wait for a writer.
  const int nofollow = job.follow ? 0 : O_NOFOLLOW;
  const auto options = open_options{}.custom_flags(O_NONBLOCK | nofollow);
  auto from = co_await job.open.source.open_file(job.source_name, options);
  if (!from && out_of_descriptors(from.error()))
    co_return std::unexpected(no_descriptor{from.error(), "open"});
  struct stat about{};
  if (!from || ::fstat(from->fd(), &about) != 0) {
    job.said->fail("open", source_path(job), from ? last_error() : from.error());
    co_return false;
  }
  if (!S_ISREG(about.st_mode)) {
    job.said->refuse(source_path(job), "is no file any more: something else has its name now");
    co_return false;
  }
  (void)::fcntl(from->fd(), F_SETFL, 0);
  const bool came = co_await comes_to_turn(job);
  if (!came) co_return std::unexpected(no_descriptor{});
  const target_plan plan = plan_of(job, about);
  const attempt to_be_made = is_to_be_made(job, about, plan);
  if (!to_be_made || !*to_be_made) co_return after(to_be_made, job.is_current);
  job.turn.pass();
  if (options_.dry_run) {
    foresee(job, about, plan);
    co_return job.is_foreseen;
  }
  file_order order{&job, std::move(*from), about, plan, remember_landed_, all.settles};
  all.stay.leave();
  file_outcome outcome = co_await carry_out(std::move(order));
  if (outcome.not_begun)
    co_return std::unexpected(no_descriptor{outcome.not_begun, "create", side::target});
  landed_.insert(outcome.identities.begin(), outcome.identities.end());
  job.is_kept = outcome.came_meanwhile;
  if (job.is_kept) ++report_.skipped;
  if (!outcome.landed) co_return false;
  job.hash = std::move(outcome.hash);
  ++report_.files;
  report_.sizes += outcome.content.size;
  report_.count(outcome.content.way, outcome.content.size);
  co_return true;
}

/// Large buffers belong to the thread that walks, which has little to do for a large file.
task<file_outcome> copier::carry_out(file_order order) {
  const bool is_small = !needs_pieces(order.about, options_.sparse);
  if (!is_small && share_ != nullptr && share_->takes_content(order.about)) order.share = share_;
  if (!is_small || !threads_ || threads_->empty()) co_return co_await own_.copy(std::move(order));
  auto outcome = co_await threads_->copy(std::move(order));
  if (outcome) co_return std::move(*outcome);
  co_return file_outcome{};  // stopped, after an interruption
}

/// Whether names alone decide what is kept.
bool copier::is_decided_by_name() const noexcept {
  return options_.no_clobber || options_.update || options_.resume == resume_wish::by_time;
}

/// Whether what has the name stays as -n or -u says, or becomes a link to what -u has kept: then
/// the source need not be readable, and is not opened.
copier::attempt copier::keeps(file_job& job) {
  const bool may_link = options_.update || options_.resume == resume_wish::by_time;
  struct stat about{};
  if (::fstatat(job.open.source.fd(), job.source_name.c_str(), &about,
                job.follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0)
    return false;
  using step = target_plan::step;
  const target_plan plan = plan_of(job, about);
  if (plan.next == step::refuse || (plan.next != step::keep && !may_link)) return false;
  const attempt to_be_made = is_to_be_made(job, about, plan);
  return after(to_be_made, !to_be_made.value_or(false));
}

}  // namespace carousel::tool
