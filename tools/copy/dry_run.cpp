#include <sys/stat.h>

#include <optional>
#include <string>
#include <system_error>

#include "common/same_time.hpp"
#include "copy/copier.hpp"
#include "copy/foresight.hpp"

// A dry run: what would be done is decided as ever, and then said in place of being done.

namespace carousel::tool {
namespace {

/// Whether a copy with -p of the one looks like a copy of the other.
bool is_finished(const struct stat& one, const struct stat& other) noexcept {
  return one.st_mode == other.st_mode && one.st_size == other.st_size &&
         one.st_rdev == other.st_rdev && one.st_uid == other.st_uid && one.st_gid == other.st_gid &&
         is_same_time(one.st_mtim, other.st_mtim);
}

}  // namespace

/// What permissions tell of the name that is to get a copy.
copier::prospect copier::look_ahead(const file_job& job, const target_plan& plan) const {
  if (job.where->planned) return {};
  const int target = job.open.target.fd();
  const auto in_place = [&](std::string_view because) {
    return prospect{why_not_writable(target, job.target_name), because};
  };
  if (plan.next == target_plan::step::write_in_place) return in_place(plan.in_place_because);
  const std::error_code why = why_no_change_in(target);
  if (!plan.replaced) return {why, {}};
  if (why) return in_place(target_plan::nothing_beside);
  if (attributes_.preserve || may_own_alike(*plan.replaced)) return {};
  const prospect unlike = in_place(target_plan::nothing_alike);
  return unlike.why && options_.force ? prospect{} : unlike;
}

/// About what the run itself would have made; nothing: that has nothing to do with the name.
std::optional<target_plan> copier::plan_beside_foreseen(const file_job& job,
                                                        const struct stat& about) const {
  using step = target_plan::step;
  const std::string path = path_below_destination(*job.where, job.target_name);
  if (foreseen_.has_directory(path))
    return target_plan{.next = step::refuse, .why = directory_in_the_way};
  if (const struct stat* const made = foreseen_.find(path)) {
    const bool is_current =
        options_.update && !(attributes_.preserve && is_earlier(made->st_mtim, about.st_mtim));
    if (is_current || (options_.resume == resume_wish::by_time && is_finished(*made, about)))
      return target_plan{.next = step::keep, .is_current = true};
    if (remember_landed_) return target_plan{.next = step::refuse, .why = just_made};
    return target_plan{.next = options_.no_clobber ? step::keep : step::replace};
  }
  if (job.where->planned) return target_plan{};
  return std::nullopt;
}

void copier::foresee(file_job& job, const struct stat& about, const target_plan& plan) {
  const auto [why, in_place_because] = look_ahead(job, plan);
  if (why) return fail_to_make(making(about.st_mode & S_IFMT), job, why);
  job.is_foreseen = true;
  if (foreseen_.any()) foreseen_.add(path_below_destination(*job.where, job.target_name), about);
  remember_copy(job, options_);
  const bool in_place = !in_place_because.empty();
  if (in_place) note_in_place(job, in_place_because);
  std::string_view how = "would be made";
  if (in_place)
    how = "would be written in place";
  else if (plan.next == target_plan::step::replace)
    how = options_.has_backups() ? "would replace what is there, which becomes a backup"
                                 : "would replace what is there";
  tell(job, how);
  switch (about.st_mode & S_IFMT) {
    case S_IFREG:
      ++report_.files;
      report_.bytes += static_cast<std::uint64_t>(about.st_size);
      report_.sizes += static_cast<std::uint64_t>(about.st_size);
      break;
    case S_IFLNK: ++report_.symlinks; break;
    default: ++report_.special_files; break;
  }
}

void copier::foresee_link(const file_job& job, const struct stat& about) {
  std::error_code why;
  if (!job.where->planned) why = why_no_change_in(job.open.target.fd());
  if (why) return fail_to_make("link", job, why);
  if (foreseen_.any()) foreseen_.add(path_below_destination(*job.where, job.target_name), about);
  ++report_.hard_links;
  tell(job, "would become a hard link");
}

}  // namespace carousel::tool
