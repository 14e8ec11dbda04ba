#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <ranges>
#include <span>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>

#include "common/last_error.hpp"
#include "common/naming.hpp"
#include "copy/copier.hpp"
#include "copy/durable.hpp"
#include "copy/removal.hpp"

// The command line: where the copies go, and in which order.

namespace carousel::tool {
namespace {

std::string directory_path(const std::string& path) { return path.empty() ? "." : path; }

/// -1 and errno. Who may write to a directory need not be allowed to list it.
int open_directory(const std::string& path) noexcept {
  constexpr int flags = O_DIRECTORY | O_CLOEXEC;
  const int fd = ::open(path.c_str(), O_RDONLY | flags);
  return fd >= 0 || errno != EACCES ? fd : ::open(path.c_str(), O_PATH | flags);
}

result<directory> name_only(const std::string& path) {
  const int fd = ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return std::unexpected(last_error());
  return directory::from_fd(fd);
}

/// There is nothing, or something else: a link that leads nowhere among them, which a copy may
/// replace.
bool names_no_directory(const std::error_code& why) noexcept {
  return why == std::errc::no_such_file_or_directory || why == std::errc::not_a_directory ||
         why == std::errc::too_many_symbolic_link_levels || why == std::errc::filename_too_long;
}

/// In a directory. The content of SRC/.. goes into the target as that of SRC/. does, never beside
/// it.
std::string name_of_copy(std::string_view source_name) {
  const std::string_view name = without_slashes(source_name);
  return std::string(name == ".." ? "." : name);
}

}  // namespace

task<> copier::copy_all() {
  auto to = find_destination();
  if (!to) co_return co_await work();  // others must hear that nothing comes
  std::unordered_set<std::string> names;
  for (const std::string& source : options_.sources) {
    const std::string name = name_of_copy(split(source).name);
    // Of directories that merge one process at a time makes files.
    if (!names_no_child(name) && !names.insert(name).second) remember_landed_ = share_ == nullptr;
  }
  const bool folds = options_.sources.size() > 1 && may_fold_names(to->where.fd());
  // With --parents directories whose names fall together merge, and their files do not.
  if (options_.parents) remember_landed_ = folds;
  const bool may_meet = folds && !options_.parents;
  bool ask = may_meet;
  for (auto source = options_.sources.begin(); source != options_.sources.end(); ++source) {
    if (report_.over()) break;
    if (ask) co_await ask_for_names(*to, {source, options_.sources.end()});
    co_await copy_named(*to, *source);
    // What came out of SRC/. was there before what comes now.
    ask = may_meet && names_no_child(split(*source).name);
    // Nor may directories that merge under two spellings be copied into by two at once.
    if (ask || remember_landed_) co_await finish_files();
    if (share_ != nullptr) co_await yield();  // others want to hear of it
  }
  co_await finish_files();
  co_await work();
  if (options_.remove_extras) co_await remove_extras(*to);
  if (options_.sync != sync_wish::full || options_.dry_run) co_return;
  const auto synced = co_await make_names_durable(to->where);
  if (!synced) report_.fail_at_target("sync", directory_path(to->prefix), synced.error());
}

/// An error was reported.
result<copier::destination> copier::find_destination() {
  const std::string& named = options_.destination;
  const bool several = options_.sources.size() > 1;
  if (named.empty()) {
    // The name of nothing, perhaps of an unset variable, and not of the current directory.
    const auto why = std::make_error_code(std::errc::no_such_file_or_directory);
    report_.fail("copy to", named, why);
    return std::unexpected(why);
  }
  if (!options_.as_file) {
    const int fd = open_directory(named);
    if (fd >= 0) return destination{directory::from_fd(fd), named, {}};
    const std::error_code why = last_error();
    const bool must_be = options_.into || several || options_.parents;
    if (must_be || !names_no_directory(why)) {
      report_.fail("copy into", named, why);
      return std::unexpected(why);
    }
  }
  if (options_.as_file && several) {
    report_.refuse(named, "cannot be the name of several copies");
    return std::unexpected(make_error_code(errc::not_supported));
  }
  split_name parts = split(named);
  const int fd = open_directory(directory_path(parts.directory));
  if (fd < 0) {
    const std::error_code why = last_error();
    report_.fail("open the directory", directory_path(parts.directory), why);
    return std::unexpected(why);
  }
  return destination{directory::from_fd(fd), std::move(parts.directory), std::move(parts.name)};
}

/// What these sources find at the target, before it has anything of them.
task<> copier::ask_for_names(const destination& to, std::span<const std::string> sources) {
  std::vector<std::string> names;
  std::unordered_set<std::string> met;
  for (const std::string& source : sources) {
    std::string name = name_of_copy(split(source).name);
    if (!names_no_child(name) && !named_.contains(name) && met.insert(name).second)
      names.push_back(std::move(name));
  }
  const auto found = co_await line_.until_open([&] {
    return name_claims::ask(to.where.fd(), names.size(),
                            [&](std::size_t i) { return names[i].c_str(); });
  });
  if (!found) co_return report_.fail_at_target("list", directory_path(to.prefix), found.error());
  for (std::size_t i = 0; i < names.size(); ++i) claims_[names[i]] = found->of(i);
}

task<> copier::copy_named(const destination& to, const std::string& source) {
  auto top = co_await way_to(to, source);
  if (!top) co_return;
  co_await copy_from(top, to, source);
  if (!top->parent) co_return;
  handles open{std::exchange(top->source, {}), std::exchange(top->target, {})};
  co_await walk_.leave(std::move(top), std::move(open));
}

/// The directory that a source is in, and the one that its copy goes into: with --parents all those
/// that lead to it are made at the target. Null: an error was reported.
task<std::shared_ptr<place>> copier::way_to(const destination& to, const std::string& source) {
  const std::string parents = split(source).directory;
  if (options_.parents && ("/" + parents).contains("/../")) {
    report_.refuse(source, "leads out of the target with --parents, by its \"..\"");
    co_return nullptr;
  }
  const std::string root = source.starts_with('/') ? "/" : "";
  const std::string& from = options_.parents ? root : parents;
  auto opened = co_await line_.until_open([&] { return name_only(directory_path(from)); });
  if (!opened) {
    report_.fail("read", source, opened.error());
    co_return nullptr;
  }
  auto where = std::make_shared<place>(nullptr, std::move(*opened), to.where);
  where->source_name = from;
  where->target_name = to.prefix;
  if (attributes_.preserve) where->inherits_acl = acl_given_by(to.where.fd());
  if (!options_.parents) co_return where;
  for (const auto part : parents | std::views::split('/')) {
    std::string name(part.begin(), part.end());
    if (name.empty() || name == ".") continue;
    auto next = co_await walk_.pass(where, std::move(name));
    if (!next) {
      handles open{std::exchange(where->source, {}), std::exchange(where->target, {})};
      if (where->parent) co_await walk_.leave(std::move(where), std::move(open));
      co_return nullptr;
    }
    if (where->parent) {
      where->source = directory();
      where->target = directory();
    }
    where = std::move(next);
  }
  co_return where;
}

task<> copier::copy_from(std::shared_ptr<place> top, const destination& to,
                         const std::string& source) {
  std::string name = split(source).name;
  const bool follow = options_.follows_named_links();
  struct stat about{};
  if (::fstatat(top->source.fd(), name.c_str(), &about, follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0)
    co_return report_.fail("read", source, last_error());
  if (options_.remove_extras) remember_source(*top, name, about);
  std::string target = to.name.empty() ? name_of_copy(name) : to.name;
  if (S_ISDIR(about.st_mode)) {
    if (target != "." && target != "..") target = without_slashes(target);
  } else if (target.ends_with('/')) {
    struct stat there{};
    if (::fstatat(to.where.fd(), target.c_str(), &there, 0) != 0)
      co_return report_.refuse(target_path(*top, target), "is no directory to copy into");
    target = without_slashes(target);  // a directory, which is kept or refused as one
  }
  const bool in_order = co_await comes_in_order(*top, source, target, about);
  if (!in_order) co_return;
  // Another source of the very same name has no claim, and meets what the first one made.
  claim claimed;
  if (!options_.parents) claimed = std::exchange(claims_[target], {});
  if (claimed.comes_late) co_await finish_files();
  file_job job{top, {}, std::move(name), std::move(target), std::move(claimed), follow};
  if (S_ISDIR(about.st_mode)) {
    co_await copy_named_directory(to, std::move(top), std::move(job), identity_of(about));
    co_return;
  }
  const bool may_be_shared = share_ != nullptr && !remember_landed_;
  if (may_be_shared && share_->takes_operand(job, about)) co_return;
  ++top->pending;
  co_await copy_entry(std::move(job), about.st_mode & S_IFMT);
}

void copier::remember_source(const place& top, const std::string& name, const struct stat& about) {
  if (S_ISDIR(about.st_mode)) return sources_.add_directory(identity_of(about));
  struct stat in{};
  if (::fstat(top.source.fd(), &in) == 0) sources_.add(identity_of(in), name);
}

/// Sources whose copies meet are copied one after the other: directories of one name merge, and
/// what comes later out of SRC/. replaces what came before. False when this one is not to be
/// copied, which was said.
task<bool> copier::comes_in_order(const place& top, const std::string& source,
                                  const std::string& target, const struct stat& about) {
  const bool pours = names_no_child(target);
  const std::string path = pours ? "." : path_below_destination(top, target);
  const auto itself = co_await line_.until_open([&] {
    return likenesses_.of(AT_FDCWD, source.c_str(), options_.follows_named_links(), about);
  });
  if (!itself) {
    report_.fail("read", source, itself.error());
    co_return false;
  }
  const auto [first, is_new] = named_.try_emplace(path, *itself);
  if (pours || poured_ || !is_new) co_await finish_files();
  if (pours) poured_ = true;
  if (pours || is_new) co_return true;
  if (first->second == *itself) {
    report_.note(fmt::format("{} is named more than once, and copied once", shell_quoted(source)));
    co_return false;
  }
  struct stat made{};
  if (S_ISDIR(about.st_mode) && ::fstatat(top.target.fd(), target.c_str(), &made, 0) == 0 &&
      S_ISDIR(made.st_mode))
    co_return true;
  if (S_ISDIR(about.st_mode) && foreseen_.has_directory(path)) co_return true;
  report_.refuse(source, "would overwrite " + shell_quoted(target_path(top, target)) +
                             ", which was just made");
  co_return false;
}

task<> copier::copy_named_directory(const destination& to, std::shared_ptr<place> top, file_job job,
                                    const identity& itself) {
  const std::string source = source_path(*top, job.source_name);
  if (!options_.directories())
    co_return report_.refuse(source, "is a directory; -r or -a copies directories");
  struct stat there{};
  const int target = top->target.fd();
  const bool exists =
      !top->planned && ::fstatat(target, job.target_name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0;
  const auto inside = co_await line_.until_open(
      [&] { return is_inside(top->planned ? to.where.fd() : target, itself); });
  if (!inside) co_return report_.fail("find out what leads to", source, inside.error());
  if ((exists && identity_of(there) == itself) || *inside)
    co_return report_.refuse(source, "cannot be copied into itself, " +
                                         shell_quoted(target_path(*top, job.target_name)));
  if (share_ != nullptr &&
      share_->takes_directory(top, {job.source_name, job.target_name, job.claimed, job.follow}))
    co_return;
  co_await walk_.run(std::move(top), std::move(job.source_name), std::move(job.target_name),
                     std::move(job.claimed), job.follow);
}

/// What the target has beside the sources, when all of them were read and copied.
task<> copier::remove_extras(const destination& to) {
  struct stat about{};
  if (report_.failed() || report_.over() || ::fstat(to.where.fd(), &about) != 0) {
    report_.note("nothing is removed from the target, because not everything was copied");
    co_return;
  }
  // The copies of other sources are beside what came out of SRC/.
  std::unordered_set<std::string_view> named;
  for (const auto& [name, source] : named_)
    named.insert(std::string_view(name).substr(0, name.find('/')));
  extras_.keep(identity_of(about), named);
  if (list_ != nullptr) list_->keep(extras_);
  const exclusions left_out(options_.excluded);
  removal removes({left_out, sources_, options_.dry_run, attributes_.preserve,
                   options_.sync == sync_wish::full},
                  report_);
  for (extras::in_directory& beside : extras_.take()) co_await removes.run(std::move(beside));
}

}  // namespace carousel::tool
