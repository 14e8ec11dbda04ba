#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <system_error>
#include <utility>

#include "common/last_error.hpp"
#include "common/naming.hpp"
#include "copy/content.hpp"
#include "copy/copier.hpp"
#include "copy/file_hash.hpp"
#include "copy/durable.hpp"

// One file: both ends are opened, the content is copied, checked and given its attributes, and then
// it gets its name.

namespace carousel::tool {
namespace {

/// A file that does not know its size learns it by being read.
bool has_changed(const file& from, const struct stat& before, std::uint64_t copied) noexcept {
  struct stat now{};
  if (::fstat(from.fd(), &now) != 0) return false;
  const bool resized =
      now.st_size != before.st_size && static_cast<std::uint64_t>(now.st_size) != copied;
  return resized || was_written(from.fd(), before);
}

}  // namespace

task<> copier::copy_file(file_job first, fixed_buf permit) {
  std::vector<file_job> jobs;
  jobs.push_back(std::move(first));
  while (!jobs.empty()) {
    file_job job = std::move(jobs.back());
    jobs.pop_back();
    const auto handy = open_handles(*job.where, job.open);
    if (!handy) {
      const bool of_source = job.open.source.fd() < 0;
      report_.fail("go back to",
                   of_source ? source_path(*job.where, job.source_name)
                             : target_path(*job.where, job.target_name),
                   handy.error());
    }
    const bool landed = handy && !report_.over() && co_await copy_one(job, permit);
    if (!job.where) continue;  // it waits for the first name of its file
    for (file_job& waited : end_lead(job, landed)) jobs.push_back(std::move(waited));
    co_await walk_.leave(std::move(job.where), std::move(job.open));
  }
}

/// Whether there is a copy now.
task<bool> copier::copy_one(file_job& job, fixed_buf& permit) {
  const bool made = co_await make_copy(job, permit);
  if (list_ != nullptr && job.where && job.is_kept) co_await list_kept(job, permit);
  co_return made;
}

task<bool> copier::make_copy(file_job& job, fixed_buf& permit) {
  if (keeps(job)) co_return job.is_current;
  if (options_.resume == resume_wish::by_content) {
    const bool has = co_await has_content(job, permit);
    if (has) co_return job.is_current;
  }
  auto ends = co_await open(job);
  if (!ends) co_return job.is_current || job.is_foreseen;
  content_progress progress(report_.bytes);
  const bool filled = co_await fill(job, *ends, permit, progress);
  if (!filled && ends->to.is_in_place())
    report_.refuse(target_path(*job.where, job.target_name),
                   "holds a part of the copy: it had to be written in place");
  bool landed = false;
  if (filled) landed = co_await land(job, *ends);
  if (!landed) progress.take_back();
  co_return landed;
}

/// Whether what has the name stays as -n or -u says, or becomes a link to what -u has kept: then
/// the source need not be readable, and is not opened. This comes before anything is waited for, so
/// that of several names the first one decides.
bool copier::keeps(file_job& job) {
  const bool resumes = options_.resume == resume_wish::by_time;
  if (!options_.no_clobber && !options_.update && !resumes) return false;
  struct stat about{};
  if (::fstatat(job.open.source.fd(), job.source_name.c_str(), &about,
                job.follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0)
    return false;
  using step = target_plan::step;
  const target_plan plan = plan_of(job, about);
  if (plan.next == step::refuse || (plan.next != step::keep && !options_.update && !resumes))
    return false;
  return !is_to_be_made(job, about, plan);
}

/// Nothing when there is nothing to copy: that was said, or the name exists already.
task<std::optional<copier::open_file>> copier::open(file_job& job) {
  descriptor_line::stay stay;
  for (;;) {
    auto ends = co_await try_open(job);
    if (ends) co_return std::move(*ends);
    const open_failure failure = ends.error();
    if (!failure.why) co_return std::nullopt;
    if (out_of_descriptors(failure.why)) {
      const bool again = co_await stay.wait(line_);
      if (again) continue;
    }
    if (failure.at_target) {
      fail_to_make("create", job, failure.why);
    } else {
      report_.fail("open", source_path(*job.where, job.source_name), failure.why);
    }
    co_return std::nullopt;
  }
}

task<copier::opened> copier::try_open(file_job& job) {
  descriptor_line::holder holds(line_);
  // What looked like a file may be a FIFO by now: opening one must not wait for a writer.
  const int nofollow = job.follow ? 0 : O_NOFOLLOW;
  const auto options = open_options{}.custom_flags(O_NONBLOCK | nofollow);
  auto from = co_await job.open.source.open_file(job.source_name, options);
  if (!from) co_return std::unexpected(open_failure{from.error(), false});
  struct stat about{};
  if (::fstat(from->fd(), &about) != 0)
    co_return std::unexpected(open_failure{last_error(), false});
  if (!S_ISREG(about.st_mode)) {
    report_.refuse(source_path(*job.where, job.source_name),
                   "is no file any more: something else has its name now");
    co_return std::unexpected(open_failure{});
  }
  (void)::fcntl(from->fd(), F_SETFL, 0);
  const target_plan plan = plan_of(job, about);
  if (!is_to_be_made(job, about, plan)) co_return std::unexpected(open_failure{});
  if (options_.dry_run) {
    foresee(job, about, plan);
    co_return std::unexpected(open_failure{});
  }
  auto to = make_landing(job, about, plan);
  if (!to) co_return std::unexpected(open_failure{to.error(), true});
  open_file ends{std::move(holds), std::move(*from), std::move(*to), about};
  co_return std::move(ends);
}

/// A file that exists is replaced by one that is like it, or by the source's likeness with -p.
/// Where that cannot be, it is written in place, and where that cannot be either, replaced as if it
/// had not been there, with -f.
result<landing> copier::make_landing(const file_job& job, const struct stat& about,
                                     const target_plan& plan) {
  if (plan.next == target_plan::step::write_in_place)
    return write_in_place(job, plan.in_place_because);
  const bool alike = plan.replaced && !attributes_.preserve;
  const unsigned mode = about.st_mode & 0777U;
  auto to = landing::make(job.open.target, job.target_name, alike ? mode & 0700U : mode,
                          attributes_.preserve || alike);
  if (!to) {
    const bool denied = to.error() == std::errc::permission_denied ||
                        to.error() == std::errc::operation_not_permitted ||
                        to.error() == std::errc::read_only_file_system;
    return plan.replaced && denied ? write_in_place(job, nothing_beside) : std::move(to);
  }
  if (!alike ||
      make_alike(job.open.target.fd(), job.target_name.c_str(), *plan.replaced, to->opened().fd()))
    return to;
  auto there = write_in_place(job, nothing_alike);
  if (there || !options_.force) return there;
  return landing::make(job.open.target, job.target_name, mode, false);
}

result<landing> copier::write_in_place(const file_job& job, std::string_view why) {
  auto to = landing::in_place(job.open.target, job.target_name);
  if (to) note_in_place(why);
  return to;
}

void copier::note_in_place(std::string_view why) {
  report_.note(fmt::format(
      "a file is written in place, not replaced in one step, where {}: it is not whole until the "
      "end",
      why));
}

task<bool> copier::fill(file_job& job, open_file& ends, fixed_buf& permit,
                        content_progress& progress) {
  content_ends content{ends.from, ends.to.opened(), ends.about};
  auto copied =
      co_await copy_content(std::move(content), {options_.reflink, options_.sparse, &limit_},
                            buffers_, std::move(permit), progress);
  permit = std::move(copied.buf);
  if (!buffers_.refusal().empty()) report_.note(buffers_.refusal());
  if (!copied.res) {
    tell_failed_content(job, ends, progress, copied.res.error());
    co_return false;
  }
  ends.content = *copied.res;
  if (list_ != nullptr) co_await take_hash(job, ends.from, permit);
  if (!options_.verify) co_return true;
  auto verified =
      co_await verify_copy(ends.from, ends.to.opened(), ends.content.size, std::move(permit));
  permit = std::move(verified.buf);
  if (verified.res && *verified.res) co_return true;
  const std::string source = source_path(*job.where, job.source_name);
  if (!verified.res) {
    report_.fail("verify the copy of", source, verified.res.error());
  } else {
    report_.refuse(source, "is not what its copy is when both are read again");
  }
  co_return false;
}

void copier::tell_failed_content(const file_job& job, const open_file& ends,
                                 const content_progress& progress, const std::error_code& why) {
  using step = content_progress::step;
  if (why == errc::canceled) return;
  const std::string source = source_path(*job.where, job.source_name);
  const std::string target = target_path(*job.where, job.target_name);
  const std::uint64_t offset = progress.failed_offset();
  if (why == errc::end_of_file)
    return report_.refuse(
        source, fmt::format("has no more than {} of its {} bytes: it was cut while it was copied",
                            offset, ends.about.st_size));
  switch (progress.failed_step()) {
    case step::reading: return report_.fail(fmt::format("read, at byte {},", offset), source, why);
    case step::writing:
      return report_.fail_at_target(fmt::format("write, at byte {},", offset), target, why);
    case step::sharing:
      return report_.refuse(
          source, fmt::format("cannot share its storage with {}: {}; --reflink=auto copies what "
                              "cannot be shared",
                              shell_quoted(target), why_no_reflink(why.value())));
  }
}

task<bool> copier::land(const file_job& job, open_file& ends) {
  const int from = ends.from.fd();
  const int to = ends.to.opened().fd();
  const attribute_losses lost =
      copy_attributes(from, to, ends.about, attributes_, job.where->inherits_acl);
  const auto synced = co_await make_content_durable(ends.to.opened(), options_.sync);
  if (!synced) {
    report_.fail_at_target("sync", target_path(*job.where, job.target_name), synced.error());
    co_return false;
  }
  const bool changed =
      !ends.content.is_of_then && has_changed(ends.from, ends.about, ends.content.size);
  struct stat made{};
  if (remember_landed_ && ::fstat(to, &made) == 0) landed_.insert(identity_of(made));
  if (!ends.to.is_in_place() && !back_up(job, identity_of(ends.about))) co_return false;
  const auto named = co_await ends.to.publish(replaces(job));
  if (!named && collides(job, named.error())) co_return false;
  if (!named && options_.no_clobber && named.error() == std::errc::file_exists) {
    ++report_.skipped;  // it came meanwhile
    co_return false;
  }
  if (!named) {
    report_.fail_at_target("finish", target_path(*job.where, job.target_name), named.error());
    co_return false;
  }
  const int dir = job.open.target.fd();
  const char* name = job.target_name.c_str();
  if (remember_landed_ && ::fstatat(dir, name, &made, AT_SYMLINK_NOFOLLOW) == 0)
    landed_.insert(identity_in(dir, name, made));
  ++report_.files;
  report_.sizes += ends.content.size;
  report_.count(ends.content.way, ends.content.size);
  list(job, job.hash);
  tell(job, describe(ends.content.way));
  tell_lost(job, lost);
  if (changed)
    report_.refuse(source_path(*job.where, job.source_name),
                   "changed while it was copied: the copy may be neither the old nor the new file");
  co_return true;
}

/// `how` says more of it.
void copier::tell(const file_job& job, std::string_view how) const {
  if (report_.names_each)
    report_.tell(source_path(*job.where, job.source_name), target_path(*job.where, job.target_name),
                 how);
}

void copier::tell_lost(const file_job& job, const attribute_losses& lost) {
  report_.lose(lost, [&](bool of_source) {
    return of_source ? source_path(*job.where, job.source_name)
                     : target_path(*job.where, job.target_name);
  });
}

}  // namespace carousel::tool
