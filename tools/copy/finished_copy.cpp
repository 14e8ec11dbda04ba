#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "common/file_hash.hpp"
#include "common/same_time.hpp"
#include "copy/attributes.hpp"
#include "copy/copier.hpp"
#include "copy/extended_attributes.hpp"
#include "copy/regular_file.hpp"

// What has its name already and stays, and what the manifest says of it.

namespace carousel::tool {
namespace {

/// Whether copy_attributes() has nothing to do, but for the time of the last access. Only root
/// gives files away.
bool has_attributes(int from, int to, const struct stat& about, const struct stat& there,
                    const attribute_options& options) {
  const bool owned =
      there.st_gid == about.st_gid && (there.st_uid == about.st_uid || ::geteuid() != 0);
  const bool has_mode = ((there.st_mode ^ about.st_mode) & 07777U) == 0;
  const bool has_time = is_same_time(there.st_mtim, kept_there(about.st_mtim, to, there));
  if (!owned || !has_mode || !has_time) return false;
  const xattr_end source(from);
  const xattr_end target(to);
  return have_one_value(source, target, "system.posix_acl_access") &&
         (!options.extended || is_like_in_extended(source, target));
}

}  // namespace

/// Whether what has the name of the copy is one by its content, which an earlier run has finished:
/// then it gets its attributes, and stays.
task<copier::attempt> copier::has_content(file_job& job) {
  if (job.where->planned || job.claimed.was_free || !job.claimed.rival.empty()) co_return false;
  auto from = open_regular(job.open.source.fd(), job.source_name, job.follow ? 0 : O_NOFOLLOW);
  if (!from && out_of_descriptors(from.error()))
    co_return std::unexpected(no_descriptor{from.error(), "open"});
  auto to = open_regular(job.open.target.fd(), job.target_name, O_NOFOLLOW);
  if (!to && out_of_descriptors(to.error()))
    co_return std::unexpected(no_descriptor{to.error(), "open", side::target});
  struct stat about{};
  struct stat there{};
  if (!from || !to || ::fstat(from->fd(), &about) != 0 || ::fstat(to->fd(), &there) != 0)
    co_return false;  // what is wrong with them is said when the file is copied
  const target_plan plan = plan_of(job, about);
  const bool may_be = plan.next == target_plan::step::replace && there.st_size == about.st_size;
  if (!may_be) co_return false;
  // Its other names may be anybody's, who would get the attributes as well.
  const bool would_change =
      attributes_.preserve && !has_attributes(from->fd(), to->fd(), about, there, attributes_);
  if (would_change && there.st_nlink > 1) co_return false;
  {
    // Whoever waits for a turn has no buffer, which those before may wait for.
    auto lease = co_await own_.buffers().small();
    if (!lease) co_return false;
    const auto compared = co_await verify_copy(
        *from, *to, static_cast<std::uint64_t>(about.st_size), std::move(*lease));
    if (!compared.res || !*compared.res) co_return false;
  }
  const bool came = co_await comes_to_turn(job);
  if (!came) co_return std::unexpected(no_descriptor{});
  const target_plan stays{.next = target_plan::step::keep, .is_current = true};
  const attempt to_be_made = is_to_be_made(job, about, stays);
  if (!to_be_made) co_return to_be_made;
  if (*to_be_made || !job.where || options_.dry_run) co_return true;
  if (job.is_kept) {
    attribute_options its = attributes_;
    its.replaces = true;
    tell_lost(job, copy_attributes(from->fd(), to->fd(), about, its, inherited_acl::yes));
  }
  co_return true;
}

/// What is kept is listed as it is.
task<copier::attempt> copier::list_kept(file_job& job, tries& /*all*/) {
  auto there = open_regular(job.open.target.fd(), job.target_name, O_NOFOLLOW);
  if (!there && out_of_descriptors(there.error()))
    co_return std::unexpected(no_descriptor{there.error(), "read", side::target});
  if (!there) {
    if (there.error() != std::errc::invalid_argument &&
        there.error() != std::errc::too_many_symbolic_link_levels)
      job.said->fail("read", target_path(job), there.error());
    co_return true;  // a manifest has files only
  }
  struct stat about{};
  auto lease = co_await own_.buffers().small();
  if (!lease || ::fstat(there->fd(), &about) != 0) co_return true;
  lease = co_await take_hash(job, *there, options_.hash, std::move(*lease), job.hash);
  struct stat now{};
  if (::fstat(there->fd(), &now) != 0 || was_touched(about, now)) {
    // By a write, or by another attribute or name, which leaves the content alone.
    std::string again;
    (void)co_await take_hash(job, *there, options_.hash, std::move(*lease), again);
    if (again != job.hash) {
      job.hash.clear();
      job.said->refuse(target_path(job), "changed while it was read for the manifest");
    }
  }
  list(job, job.hash, options_);
  co_return true;
}

task<copier::attempt> copier::meet_manifest(file_job& job, tries& /*all*/) {
  list_->meet(job);
  co_return true;
}

}  // namespace carousel::tool
