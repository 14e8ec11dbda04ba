#include "copy/manifest.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ranges>
#include <unordered_set>
#include <utility>
#include <vector>

#include "common/last_error.hpp"
#include "common/manifest_line.hpp"
#include "common/naming.hpp"
#include "copy/file_job.hpp"
#include "copy/target_plan.hpp"

namespace carousel::tool {
namespace {

constexpr std::size_t pending_bytes = std::size_t{64} << 10U;

std::string cannot_make(const std::string& path, const std::error_code& why) {
  return fmt::format("cannot make {}: {}", shell_quoted(path), why.message());
}

/// What comes out of SRC/., out of directories of one name, or into directories that --parents has
/// made for others, may be replaced by what comes later.
bool may_meet(const copy_options& options) {
  if (options.sources.size() < 2) return false;
  if (options.parents) return true;
  std::unordered_set<std::string> names;
  return std::ranges::any_of(options.sources, [&](std::string_view source) {
    while (source.ends_with('/')) source.remove_suffix(1);
    const std::string name = split(source).name;
    return names_no_child(name) || !names.insert(name).second;
  });
}

/// The same for all spellings of a path with "." in it.
std::string without_dots(std::string_view path) {
  std::string plain;
  for (const auto part : path | std::views::split('/')) {
    const std::string_view name(part.begin(), part.end());
    if (name != ".") plain.append("/").append(name);
  }
  return plain;
}

}  // namespace

std::expected<manifest, std::string> manifest::make(const copy_options& options) {
  const std::string& path = *options.manifest_file;
  const std::string at = split(path).directory;
  const int fd = ::open(at.empty() ? "." : at.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return std::unexpected(cannot_make(path, last_error()));
  manifest made(directory::from_fd(fd));
  made.path_ = path;
  made.name_ = split(path).name;
  made.dry_run_ = options.dry_run;
  made.may_repeat_ = may_meet(options);
  if (auto found = made.find(options); !found) return std::unexpected(std::move(found.error()));
  if (made.dry_run_ || made.in_place_) return made;
  auto landed = landing::make(fd, made.name_, 0666, early_access::by_mode);
  if (!landed) return std::unexpected(cannot_make(path, landed.error()));
  made.made_.emplace(std::move(*landed));
  return made;
}

/// What has the name, and whether a manifest may take it.
std::expected<void, std::string> manifest::find(const copy_options& options) {
  const int fd = where_.fd();
  const std::string quoted = shell_quoted(path_);
  struct stat found{};
  if (::fstatat(fd, name_.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0)
    had_ = identity_of(found);
  else if (errno != ENOENT)
    return std::unexpected(cannot_make(path_, last_error()));
  else if (name_.ends_with('/'))
    return std::unexpected(quoted + " is the name of a directory, and a manifest is a file");
  const identities none;
  const target_plan plan = plan_for_target(fd, name_.c_str(), {.source = {}, .just_made = none});
  if (plan.next == target_plan::step::refuse)
    return std::unexpected(fmt::format("{} {}", quoted, plan.why.sentence(quoted)));
  in_place_ = plan.next == target_plan::step::write_in_place;
  if (in_place_ && ::faccessat(fd, name_.c_str(), W_OK, AT_EACCESS) != 0)
    return std::unexpected(cannot_make(path_, last_error()));
  for (const std::string& source : options.sources)
    if (has(AT_FDCWD, source, AT_SYMLINK_NOFOLLOW) ||
        (options.follows_named_links() && has(AT_FDCWD, source, 0)))
      return std::unexpected(
          fmt::format("{} is what is to be copied as {}, and no manifest "
                      "replaces it: name another file",
                      quoted, shell_quoted(source)));
  return {};
}

/// Whether that is the file that had the name of the manifest.
bool manifest::has(int directory, const std::string& name, int flags) const noexcept {
  struct stat about{};
  return had_ && ::fstatat(directory, name.c_str(), &about, flags) == 0 &&
         identity_of(about) == *had_;
}

void manifest::meet(const file_job& job) {
  if (!meets_any() || !is_name_of(job)) return;
  is_taken_ = true;
  job.said->refuse(path_, "is a file of this copy, and no manifest replaces it: name another file");
}

bool manifest::is_name_of(const file_job& job) const noexcept {
  const int from = job.open.source.fd();
  if (has(from, job.source_name, AT_SYMLINK_NOFOLLOW)) return true;
  if (job.follow && has(from, job.source_name, 0)) return true;
  if (job.where->planned) return false;
  const int to = job.open.target.fd();
  if (has(to, job.target_name, AT_SYMLINK_NOFOLLOW) || !is_as_it_was()) return true;
  struct stat in{};
  struct stat own{};
  return dry_run_ && job.target_name == name_ && ::fstat(to, &in) == 0 &&
         ::fstat(where_.fd(), &own) == 0 && identity_of(in) == identity_of(own);
}

/// A name that is free is free to be taken.
bool manifest::is_as_it_was() const noexcept {
  struct stat now{};
  if (::fstatat(where_.fd(), name_.c_str(), &now, AT_SYMLINK_NOFOLLOW) != 0) return true;
  return had_ && identity_of(now) == *had_;
}

void manifest::keep(extras& beside) const {
  struct stat in{};
  if (::fstat(where_.fd(), &in) != 0) return;
  std::unordered_set<std::string_view> names{name_};
  if (made_) names.insert(made_->temporary());
  beside.keep(identity_of(in), names);
}

void manifest::add(std::string_view hash, std::string_view name) {
  if (hash.empty() && !may_repeat_) return;
  pending_ += manifest_text(hash, name);
  if (made_ && !may_repeat_ && pending_.size() >= pending_bytes) write();
}

/// Of several lines for a name the last one is of what has it now. One without a hash says that
/// this is no file to be listed.
void manifest::leave_replaced_out() {
  std::unordered_set<std::string> seen;
  std::vector<std::string_view> last;
  for (std::string_view rest = pending_; !rest.empty();) {
    const std::size_t before = rest.rfind('\n', rest.size() - 2);
    const std::string_view line = rest.substr(before == rest.npos ? 0 : before + 1);
    const std::size_t space = line.find(' ');
    const bool is_last = seen.insert(without_dots(line.substr(space + 2))).second;
    const bool has_hash = space > 1;  // after the mark of a name with escapes
    if (is_last && has_hash) last.push_back(line);
    rest.remove_suffix(line.size());
  }
  std::string lines;
  for (const std::string_view line : last | std::views::reverse) lines += line;
  pending_ = std::move(lines);
}

void manifest::write() {
  std::string_view rest = pending_;
  while (!rest.empty() && !error_) {
    const ssize_t n =
        ::pwrite(made_->opened().fd(), rest.data(), rest.size(), static_cast<off_t>(written_));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      error_ = n < 0 ? last_error() : make_error_code(errc::write_zero);
    } else {
      written_ += static_cast<std::uint64_t>(n);
      rest.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  pending_.clear();
}

task<result<>> manifest::finish(sync_wish wish) {
  if (!is_as_it_was()) co_return std::unexpected(std::make_error_code(std::errc::file_exists));
  if (!made_) {
    auto there = landing::in_place(where_.fd(), name_);
    if (!there) co_return std::unexpected(there.error());
    made_.emplace(std::move(*there));
  }
  if (may_repeat_) leave_replaced_out();
  write();
  if (error_) co_return std::unexpected(error_);
  auto done = co_await make_content_durable(made_->opened(), wish);
  if (done) done = co_await made_->publish(had_ ? if_exists::replace : if_exists::fail);
  if (done && wish == sync_wish::full) done = co_await make_names_durable(where_);
  co_return done;
}

}  // namespace carousel::tool
