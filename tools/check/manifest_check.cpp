#include "check/manifest_check.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <climits>
#include <deque>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "common/file_hash.hpp"
#include "common/interruption.hpp"
#include "common/last_error.hpp"
#include "common/naming.hpp"
#include "common/output.hpp"
#include "common/owned_descriptor.hpp"

namespace carousel::tool {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t files_in_flight = 16;
constexpr std::size_t lease_bytes = std::size_t{256} << 10U;

/// In steps: a name in a deep tree may be longer than any call takes. -1 and errno.
int open_at_any_depth(int directory, std::string_view name, int flags) noexcept {
  const std::size_t cut = name.size() < PATH_MAX ? 0 : name.rfind('/', PATH_MAX - 1);
  if (cut == 0 || cut == std::string_view::npos)
    return ::openat(directory, std::string(name).c_str(), flags);
  const std::string step(name.substr(0, cut));
  const owned_descriptor below(::openat(directory, step.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  name.remove_prefix(std::min(name.find_first_not_of('/', cut), name.size()));
  return below.fd() < 0 ? -1 : open_at_any_depth(below.fd(), name, flags);
}

/// What is no regular file has no content that could be right.
result<file> open_listed(const std::string& name) {
  const int fd = open_at_any_depth(AT_FDCWD, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return std::unexpected(last_error());
  file opened = file::from_fd(fd);
  struct stat about{};
  if (::fstat(fd, &about) != 0) return std::unexpected(last_error());
  if (!S_ISREG(about.st_mode))
    return std::unexpected(std::make_error_code(std::errc::invalid_argument));
  return opened;
}

}  // namespace

result<manifest_check> manifest_check::make(bool verbose) {
  auto pool = fixed_buf_pool::make({{lease_bytes, files_in_flight}});
  if (!pool) return std::unexpected(pool.error());
  return manifest_check(std::move(*pool), verbose);
}

void manifest_check::read(const std::string& manifest, const std::vector<std::string>& lines) {
  if (lines.empty()) {
    complain(shell_quoted(manifest) + " has no lines");
    ++found_.errors;
  }
  // It cannot have its own hash.
  if (manifest != "-") names_.insert(one_spelling(manifest));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto line = read_manifest_line(lines[i]);
    if (!line) {
      complain(fmt::format("{}: line {} is none of a manifest", shell_quoted(manifest), i + 1));
      ++found_.errors;
      continue;
    }
    names_.insert(one_spelling(line->name));
    lines_.push_back(std::move(*line));
  }
}

std::string manifest_check::one_spelling(const fs::path& name) {
  const fs::path parent = name.has_parent_path() ? name.parent_path() : ".";
  const auto [known, is_new] = directories_.try_emplace(parent.native());
  if (is_new) {
    std::error_code why;
    fs::path found = fs::canonical(parent, why);
    // It does not exist, or is too deep for a path.
    if (why) found = fs::absolute(parent, why).lexically_normal();
    known->second = found.native();
  }
  return (fs::path(known->second) / name.filename()).native();
}

task<result<std::string>> manifest_check::hash_of(std::size_t line) {
  auto opened = open_listed(lines_[line].name);
  if (!opened) co_return std::unexpected(opened.error());
  auto lease = co_await pool_.next(lease_bytes);
  if (!lease) co_return std::unexpected(lease.error());
  auto hashed = co_await hash_content(std::move(*opened), lines_[line].kind, std::move(*lease));
  co_return std::move(hashed.res);
}

task<> manifest_check::compare() {
  std::deque<join_handle<result<std::string>>> flying;
  std::size_t begun = 0;
  for (std::size_t done = 0; done < lines_.size() && interrupted() == 0; ++done) {
    while (begun < lines_.size() && flying.size() < files_in_flight)
      flying.push_back(spawn([this](std::size_t line) { return hash_of(line); }, begun++));
    auto next = std::move(flying.front());
    flying.pop_front();
    judge(lines_[done], co_await std::move(next));
  }
}

void manifest_check::judge(const manifest_line& line, const result<std::string>& hash) {
  const std::string name = shell_quoted(line.name);
  if (hash && *hash == line.hash) {
    ++found_.right;
    if (verbose_) say(name + ": right\n");
  } else if (hash) {
    ++found_.different;
    complain(name + " is not what the manifest says");
  } else if (hash.error() == std::errc::no_such_file_or_directory ||
             hash.error() == std::errc::not_a_directory) {
    ++found_.missing;
    complain(name + " is missing");
  } else if (hash.error() == std::errc::invalid_argument ||
             hash.error() == std::errc::too_many_symbolic_link_levels) {
    ++found_.different;
    complain(name + " is no regular file");
  } else {
    ++found_.errors;
    complain(fmt::format("cannot read {}: {}", name, hash.error().message()));
  }
}

void manifest_check::look_for_others(const std::string& directory) {
  std::error_code why;
  fs::recursive_directory_iterator at(directory, why);
  for (; !why && at != fs::recursive_directory_iterator() && interrupted() == 0;
       at.increment(why)) {
    std::error_code unknown;
    if (!fs::is_regular_file(at->symlink_status(unknown)) ||
        names_.contains(one_spelling(at->path())))
      continue;
    ++found_.extra;
    complain(shell_quoted(at->path().native()) + " is not in the manifest");
  }
  if (!why) return;
  ++found_.errors;
  complain(fmt::format("cannot list all of {}: {}", shell_quoted(directory), why.message()));
}

}  // namespace carousel::tool
