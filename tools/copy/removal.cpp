#include "copy/removal.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "common/last_error.hpp"
#include "copy/descriptors.hpp"
#include "copy/durable.hpp"
#include "copy/foresight.hpp"
#include "copy/path_only.hpp"

namespace carousel::tool {
namespace {

constexpr std::size_t levels_open_below = 16;

/// Also one of the same file system.
bool is_mounted_on(int directory, const std::string& name) noexcept {
  struct statx about{};
  constexpr int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
  return ::statx(directory, name.c_str(), flags, STATX_TYPE, &about) == 0 &&
         (about.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

name_list list_of(const std::string& name) {
  name_list names;
  names.add(name, 0, std::filesystem::file_type::unknown);
  return names;
}

}  // namespace

task<> removal::run(extras::in_directory names) {
  place& where = *names.where;
  const auto path = [&] { return target_path(*where.parent, where.target_name); };
  if (const auto opened = reopen(where, side::target); !opened)
    co_return report_.fail("go back to", path(), opened.error());
  directory target = where.target;
  struct stat before{};
  const bool known = ::fstat(target.fd(), &before) == 0;
  co_await remove_all(names.where, names.names);
  where.target = directory();
  if (rules_.dry_run) co_return;
  const std::array<timespec, 2> times{before.st_atim, before.st_mtim};
  if (rules_.keeps_times && (!known || change_times(target.fd(), times) != 0))
    report_.fail_at_target("keep the times of", path(), last_error());
  if (!rules_.durable) co_return;
  const auto synced = co_await make_names_durable(std::move(target));
  if (!synced) report_.fail_at_target("sync", path(), synced.error());
}

task<> removal::remove_all(std::shared_ptr<place> where, const std::vector<std::string>& names) {
  const std::error_code why =
      rules_.dry_run ? why_no_change_in(where->target.fd()) : std::error_code{};
  for (const std::string& name : names) {
    if (report_.over()) co_return;
    if (why)
      report_.fail_at_target("remove", target_path(*where, name), why);
    else
      co_await remove_tree(where, name);
  }
}

task<> removal::remove_tree(std::shared_ptr<place> top, std::string name) {
  levels_.clear();
  levels_.push_back({std::move(top), list_of(name)});
  while (!levels_.empty()) {
    level& here = levels_.back();
    if (here.next == here.entries.size()) {
      ascend();
      continue;
    }
    if (report_.over()) co_return;
    const directory_entry entry = here.entries[here.next++].alone();
    const std::shared_ptr<place> where = here.where;
    const bool is_directory =
        entry_type(where->target.fd(), entry.name.c_str(), entry.type, follow_links::no) == S_IFDIR;
    if (levels_.size() > 1 && rules_.left_out.cover(*where, entry.name, is_directory)) {
      report_.note("what --exclude leaves out is not removed, nor the directories that it is in");
      here.stays = true;
    } else if (!is_directory && rules_.sources.has(where->target_id, entry.name)) {
      refuse_source(*where, entry.name);
      here.stays = true;
    } else if (!is_directory) {
      remove_file(here, entry.name);
    } else {
      const bool entered = co_await enter(where, entry.name);
      if (!entered) levels_.back().stays = true;
    }
  }
}

/// False: it stays, which was said.
task<bool> removal::enter(std::shared_ptr<place> where, std::string name) {
  const auto path = [&] { return target_path(*where, name); };
  if (is_mounted_on(where->target.fd(), name)) {
    report_.refuse(path(), "is not removed: something is mounted there");
    co_return false;
  }
  const auto options = open_options{}.custom_flags(O_NOFOLLOW);
  auto opened = co_await where->target.open_directory(name, options);
  if (!opened && out_of_descriptors(opened.error()) && close_outer_levels(1))
    opened = co_await where->target.open_directory(name, options);
  if (!opened) {
    report_.fail_at_target("remove", path(), opened.error());
    co_return false;
  }
  auto made = std::make_shared<place>(where, directory(), std::move(*opened));
  made->source_name = name;  // in patterns
  made->target_name = name;
  struct stat about{};
  const bool known = ::fstat(made->target.fd(), &about) == 0;
  made->target_id = identity_of(about);
  if (rules_.sources.has_directory(made->target_id)) {
    refuse_source(*where, name);
    co_return false;
  }
  auto listed = co_await names_in(made->target);
  if (!listed && out_of_descriptors(listed.error()) && close_outer_levels(1))
    listed = co_await names_in(made->target);
  if (!known || !listed) {
    report_.fail_at_target("list", path(), known ? listed.error() : last_error());
    co_return false;
  }
  const std::error_code why =
      rules_.dry_run && !listed->empty() ? why_no_change_in(made->target.fd()) : std::error_code{};
  if (why) {
    report_.fail_at_target("remove what is in", path(), why);
    co_return false;
  }
  levels_.push_back({std::move(made), std::move(*listed)});
  (void)close_outer_levels(levels_open_below);
  co_return true;
}

void removal::refuse_source(const place& where, const std::string& name) {
  report_.refuse(target_path(where, name),
                 "is not removed: it is what the command line names to be copied");
}

void removal::remove_file(level& from, const std::string& name) {
  if (!take_away(*from.where, name, 0)) from.stays = true;
}

/// The directory is removed when it is empty.
void removal::ascend() {
  const level left = std::move(levels_.back());
  levels_.pop_back();
  if (levels_.empty()) return;
  level& outer = levels_.back();
  const std::string& name = left.where->target_name;
  if (const auto opened = reopen(*outer.where, side::target, left.where->target); !opened) {
    report_.fail("go back to", target_path(*outer.where, name), opened.error());
    levels_.clear();
    return;
  }
  outer.stays = left.stays || !take_away(*outer.where, name, AT_REMOVEDIR) || outer.stays;
}

/// Whether there was anything to close.
bool removal::close_outer_levels(std::size_t kept) {
  bool some = false;
  // The first one is not this object's.
  for (std::size_t i = levels_.size() - std::min(kept, levels_.size()); i-- > 1;) {
    if (levels_[i].where->target.fd() < 0) break;  // so are those above
    some = true;
    levels_[i].where->target = directory();
  }
  return some;
}

/// False: it stays, which was said.
bool removal::take_away(const place& where, const std::string& name, int how) {
  if (!rules_.dry_run && ::unlinkat(where.target.fd(), name.c_str(), how) != 0) {
    const std::error_code why = last_error();
    report_.fail_at_target("remove", target_path(where, name), why);
    return false;
  }
  ++report_.removed;
  if (report_.names_each)
    report_.tell(target_path(where, name), rules_.dry_run ? "would be removed" : "removed");
  return true;
}

}  // namespace carousel::tool
