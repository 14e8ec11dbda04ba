#include "copy/file_copier.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <system_error>
#include <utility>

#include "common/file_hash.hpp"
#include "common/interruption.hpp"
#include "common/last_error.hpp"
#include "common/naming.hpp"
#include "copy/descriptors.hpp"
#include "copy/durable.hpp"
#include "copy/regular_file.hpp"
#include "copy/user_space_server.hpp"

// One file: the copy is made without its name, the content is copied, checked and given its
// attributes, and then it gets its name.

namespace carousel::tool {
namespace {

constexpr std::string_view changed_meanwhile =
    "changed while it was copied: the copy may be neither the old nor the new file";

constexpr std::size_t quick_files_in_row = 16;
/// Where storage answers late, one file may take as long as many.
constexpr std::chrono::milliseconds quick_row_max{1};

/// A file that does not know its size learns it by being read.
bool is_other(const struct stat& before, const struct stat& now, std::uint64_t copied) noexcept {
  const bool resized =
      now.st_size != before.st_size && static_cast<std::uint64_t>(now.st_size) != copied;
  return resized || was_written(before, now);
}

void tell_failed_content(const file_job& job, const struct stat& about,
                         const content_progress& progress, const std::error_code& why) {
  using step = content_progress::step;
  if (why == errc::canceled) return;
  const std::uint64_t offset = progress.failed_offset();
  if (why == errc::end_of_file)
    return job.said->refuse(
        source_path(job),
        fmt::format("has no more than {} of its {} bytes: it was cut while it was copied", offset,
                    about.st_size));
  switch (progress.failed_step()) {
    case step::reading:
      return job.said->fail(fmt::format("read, at byte {},", offset), source_path(job), why);
    case step::writing:
      return job.said->fail_at_target(fmt::format("write, at byte {},", offset), target_path(job),
                                      why);
    case step::sharing:
      return job.said->refuse(
          source_path(job),
          fmt::format("cannot share its storage with {}: {}; --reflink=auto copies what "
                      "cannot be shared",
                      shell_quoted(target_path(job)), why_no_reflink(why.value())));
  }
}

}  // namespace

task<file_outcome> file_copier::copy(file_order order) {
  const file_job& job = *order.job;
  file_outcome outcome;
  auto lease = co_await buffers_.small();
  if (!lease) {
    job.said->fail("copy", source_path(job), lease.error());
    co_return outcome;
  }
  auto to = make_landing(order);
  if (!to && out_of_descriptors(to.error())) {
    outcome.not_begun = to.error();
    co_return outcome;
  }
  if (!to) {
    fail_to_make("create", job, to.error());
    co_return outcome;
  }
  copy_share* const share = to->temporary().empty() ? nullptr : order.share;
  open_file ends{job, std::move(order.from), std::move(*to), order.about, share};
  content_progress progress(bytes_);
  const bool filled = co_await fill(ends, order, std::move(*lease), progress, outcome);
  if (!filled && !outcome.not_begun && ends.to.is_in_place())
    job.said->refuse(target_path(job), "holds a part of the copy: it had to be written in place");
  if (filled) outcome.landed = co_await land(ends, order, outcome);
  if (!outcome.landed) progress.withdraw();
  co_return outcome;
}

task<bundle_outcome> file_copier::copy(file_bundle bundle) {
  const std::vector<file_job>& jobs = *bundle.jobs;
  bundle_outcome copied(jobs.size());
  auto lease = co_await buffers_.small();
  if (!lease) co_return copied;
  quick_copy quick(options_, jobs.front(), lease->spare(), refused_);
  auto row_began = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < jobs.size() && !quick.is_in_vain() && interrupted() == 0; ++i) {
    copied[i] = quick.copy(jobs[i]);
    if (copied[i]) bytes_ += copied[i]->size;
    // What else this thread does goes on meanwhile.
    const bool is_long = std::chrono::steady_clock::now() - row_began >= quick_row_max;
    if (!is_long && i % quick_files_in_row != 0) continue;
    co_await yield();
    row_began = std::chrono::steady_clock::now();
  }
  co_return copied;
}

/// A file that exists is replaced by one that is like it, or by the source's likeness with -p.
/// Where that cannot be, it is written in place, and where that cannot be either, replaced as if it
/// had not been there, with -f.
result<landing> file_copier::make_landing(const file_order& order) {
  const file_job& job = *order.job;
  const target_plan& plan = order.plan;
  if (plan.next == target_plan::step::write_in_place)
    return write_in_place(job, plan.in_place_because);
  const bool alike = plan.replaced && !attributes_.preserve;
  const unsigned mode = order.about.st_mode & 0777U;
  const int target = job.open.target.fd();
  auto to = landing::make(
      target, job.target_name, alike ? mode & 0700U : mode,
      attributes_.preserve || alike ? early_access::owner_only : early_access::by_mode,
      order.share != nullptr ? early_name::always : early_name::if_needed);
  if (!to) {
    const bool denied = to.error() == std::errc::permission_denied ||
                        to.error() == std::errc::operation_not_permitted ||
                        to.error() == std::errc::read_only_file_system;
    return plan.replaced && denied ? write_in_place(job, target_plan::nothing_beside)
                                   : std::move(to);
  }
  if (!alike) return to;
  const auto done = make_alike(target, job.target_name.c_str(), *plan.replaced, to->opened().fd());
  if (!done) return std::unexpected(done.error());
  if (*done) return to;
  auto there = write_in_place(job, target_plan::nothing_alike);
  if (there || !options_.force) return there;
  return landing::make(target, job.target_name, mode, early_access::by_mode);
}

result<landing> file_copier::write_in_place(const file_job& job, std::string_view why) {
  auto to = landing::in_place(job.open.target.fd(), job.target_name);
  if (to) note_in_place(job, why);
  return to;
}

/// Descriptors that are missing where a share is copied were waited for there.
task<bool> file_copier::fill(open_file& ends, const file_order& order, fixed_buf lease,
                             content_progress& progress, file_outcome& outcome) {
  buf_result<copied_content, fixed_buf> copied(copied_content(), std::move(lease));
  if (ends.share != nullptr) {
    copied.res = co_await ends.share->copy_content(ends.shared(), progress);
  } else {
    content_ends content{ends.from, ends.to.opened(), ends.about};
    copied = co_await copy_content(std::move(content),
                                   {options_.reflink, options_.sparse, &limit_, order.settles},
                                   buffers_, std::move(copied.buf), progress);
  }
  lease = std::move(copied.buf);
  if (!buffers_.refusal().empty()) ends.job.said->note(buffers_.refusal());
  const bool may_wait = ends.share == nullptr && !order.settles;
  if (!copied.res && may_wait && out_of_descriptors(copied.res.error())) {
    outcome.not_begun = copied.res.error();
    co_return false;
  }
  if (!copied.res) {
    tell_failed_content(ends.job, ends.about, progress, copied.res.error());
    co_return false;
  }
  outcome.content = *copied.res;
  if (options_.manifest_file) {
    // Where the copy is of an earlier one than what the source is by now, the copy alone has it.
    const file& of = outcome.content.is_of_then ? ends.to.opened() : ends.from;
    lease = co_await take_hash(ends.job, of, options_.hash, std::move(lease), outcome.hash,
                               outcome.content.size);
  }
  if (!options_.verify) co_return true;
  co_return co_await verify(ends, std::move(lease), outcome.content.size);
}

task<result<bool>> file_copier::compare(open_file& ends, fixed_buf lease, std::uint64_t size) {
  if (ends.share == nullptr) {
    auto same = co_await verify_copy(ends.from, ends.to.opened(), size, std::move(lease));
    co_return same.res;
  }
  // Who compares a part takes one, while this waits for him.
  {
    const fixed_buf given_back = std::move(lease);
  }
  co_return co_await ends.share->verify_content(ends.shared());
}

task<bool> file_copier::verify(open_file& ends, fixed_buf lease, std::uint64_t size) {
  const auto same = co_await compare(ends, std::move(lease), size);
  if (same && *same) co_return true;
  if (!same)
    ends.job.said->fail("verify the copy of", source_path(ends.job), same.error());
  else
    ends.job.said->refuse(source_path(ends.job),
                          "is not what its copy is when both are read again");
  co_return false;
}

/// As whoever reads the copy next will find it. A program that serves files may rename one file to
/// another and show the old one under that name, and may lose at the end what it has taken before.
task<bool> file_copier::verify_by_name(open_file& ends, std::uint64_t size) {
  const file_job& job = ends.job;
  if (!options_.verify || !is_served_by_program(job.open.target.fd())) co_return true;
  auto named = open_regular(job.open.target.fd(), job.target_name, O_NOFOLLOW);
  auto lease = co_await buffers_.small();
  result<bool> same;
  if (!named) {
    same = std::unexpected(named.error());
  } else if (!lease) {
    same = std::unexpected(lease.error());
  } else {
    auto compared = co_await verify_copy(ends.from, std::move(*named), size, std::move(*lease));
    same = compared.res;
  }
  if (same && *same) co_return true;
  if (!same && same.error() == std::errc::permission_denied) {
    job.said->note(
        "some copies were not read again by their names: their modes keep their owner from that");
    co_return true;
  }
  bool changed = false;
  if (same) changed = co_await has_changed(ends, size);
  if (!same)
    job.said->fail_at_target("read again by its name", target_path(job), same.error());
  else if (changed)
    job.said->refuse(source_path(job), changed_meanwhile);
  else
    job.said->refuse(target_path(job),
                     "is not its source when it is read by its name, though the copy was before it "
                     "got that: the file system shows something else there");
  co_return false;
}

/// Who writes may put the time of the content back, but not that of the change, which a further
/// name and another attribute set as well: what the content is tells them apart.
task<bool> file_copier::has_changed(open_file& ends, std::uint64_t copied) {
  struct stat now{};
  if (::fstat(ends.from.fd(), &now) != 0) co_return false;
  if (is_other(ends.about, now, copied)) co_return true;
  if (!was_touched(ends.about, now)) co_return false;
  auto lease = co_await buffers_.small();
  if (!lease) co_return true;
  const auto same = co_await compare(ends, std::move(*lease), copied);
  co_return !same || !*same;
}

task<bool> file_copier::land(open_file& ends, const file_order& order, file_outcome& outcome) {
  const file_job& job = ends.job;
  const int from = ends.from.fd();
  const int to = ends.to.opened().fd();
  const attribute_losses lost =
      copy_attributes(from, to, ends.about, attributes_, job.where->inherits_acl);
  const auto synced = co_await make_content_durable(ends.to.opened(), options_.sync);
  if (!synced) {
    job.said->fail_at_target("sync", target_path(job), synced.error());
    co_return false;
  }
  const copied_content& content = outcome.content;
  bool changed = false;
  if (!content.is_of_then) changed = co_await has_changed(ends, content.size);
  struct stat made{};
  if (order.tells_identity && ::fstat(to, &made) == 0)
    outcome.identities.push_back(identity_of(made));
  backup_step backup;
  if (!ends.to.is_in_place()) {
    auto kept = back_up(job, identity_of(ends.about), options_);
    if (!kept) outcome.not_begun = kept.error();
    if (!kept || !kept->goes_on) co_return false;
    backup = std::move(*kept);
  }
  const auto named = co_await ends.to.publish(replaces(job, options_));
  if (!named) withdraw(job, backup);
  if (!named && collides(job, named.error())) co_return false;
  if (!named) {
    // With -n it came meanwhile, and stays.
    if (!options_.no_clobber || named.error() != std::errc::file_exists)
      job.said->fail_at_target("finish", target_path(job), named.error());
    else
      outcome.came_meanwhile = true;
    co_return false;
  }
  const int dir = job.open.target.fd();
  const char* name = job.target_name.c_str();
  if (order.tells_identity && ::fstatat(dir, name, &made, AT_SYMLINK_NOFOLLOW) == 0)
    outcome.identities.push_back(identity_in(dir, name, made));
  remember_copy(job, options_);
  if (!changed) {
    const bool is_there = co_await verify_by_name(ends, content.size);
    if (!is_there) {
      list(job, {}, options_);
      co_return false;
    }
  }
  if (changed) outcome.hash.clear();  // which may be that of neither
  list(job, outcome.hash, options_);
  tell(job, describe(content.way));
  tell_lost(job, lost);
  if (changed) job.said->refuse(source_path(job), changed_meanwhile);
  co_return true;
}

task<fixed_buf> take_hash(const file_job& job, file content, hash_kind kind, fixed_buf lease,
                          std::string& hash, std::optional<std::uint64_t> end) {
  auto hashed = co_await hash_content(std::move(content), kind, std::move(lease), end);
  if (hashed.res)
    hash = std::move(*hashed.res);
  else
    job.said->fail("read for the manifest", source_path(job), hashed.res.error());
  co_return std::move(hashed.buf);
}

}  // namespace carousel::tool
