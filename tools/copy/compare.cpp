#include "copy/compare.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "common/interruption.hpp"
#include "common/last_error.hpp"
#include "copy/page_cache.hpp"

namespace carousel::tool {
namespace {

using std::filesystem::path;
using strings = std::vector<std::string>;

constexpr int rounds = 3;

/// Ends in _exit: nothing of this process may run twice.
[[noreturn]] void become(const char* program, char* const* arguments) {
  const int nowhere = ::open("/dev/null", O_WRONLY);
  if (nowhere >= 0) ::dup2(nowhere, STDOUT_FILENO);
  ::execvp(program, arguments);
  ::_exit(127);
}

struct outcome {
  std::string failure;
  double cpu_seconds = 0;
};

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

outcome run_child(const std::string& program, strings arguments) {
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (std::string& a : arguments) pointers.push_back(a.data());
  pointers.push_back(nullptr);
  const pid_t child = ::fork();
  if (child < 0) return {.failure = fmt::format("cannot fork: {}", error_text(errno))};
  if (child == 0) become(program.c_str(), pointers.data());
  int status = 0;
  rusage used{};
  while (::wait4(child, &status, 0, &used) < 0) {
    if (errno != EINTR) return {.failure = fmt::format("cannot wait: {}", error_text(errno))};
  }
  if (WIFSIGNALED(status))
    return {.failure = fmt::format("was ended by signal {} ({})", WTERMSIG(status),
                                   ::strsignal(WTERMSIG(status)))};
  if (WEXITSTATUS(status) == 127) return {.failure = "could not be started"};
  if (WEXITSTATUS(status) != 0)
    return {.failure = fmt::format("failed with exit status {}", WEXITSTATUS(status))};
  return {.failure = {}, .cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime)};
}

/// A fresh directory, removed with all that is in it.
class scratch {
 public:
  explicit scratch(const path& parent) : name_((parent / "carousel-compare-XXXXXX").native()) {
    if (::mkdtemp(name_.data()) == nullptr) {
      why_ = errno;
      name_.clear();
    }
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  ~scratch() { (void)remove(); }

  [[nodiscard]] int error() const noexcept { return why_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  std::error_code remove() {
    std::error_code why;
    if (name_.empty()) return why;
    std::filesystem::remove_all(name_, why);
    if (why) {
      unlock();
      std::filesystem::remove_all(name_, why);
    }
    if (!why) name_.clear();
    return why;
  }

 private:
  /// Copies keep the permissions of directories that nobody may write to.
  void unlock() const {
    using std::filesystem::recursive_directory_iterator;
    constexpr auto skip = std::filesystem::directory_options::skip_permission_denied;
    std::error_code ignored;
    recursive_directory_iterator at(name_, skip, ignored);
    for (; !ignored && at != recursive_directory_iterator();) {
      // Before the iterator descends into it.
      if (at->symlink_status(ignored).type() == std::filesystem::file_type::directory)
        std::filesystem::permissions(at->path(), std::filesystem::perms::owner_all,
                                     std::filesystem::perm_options::add, ignored);
      at.increment(ignored);
    }
  }

  std::string name_;
  int why_ = 0;
};

/// One of the two programs.
struct contestant {
  const char* name;
  std::string program;
  strings command;  ///< argv[0] and flags
  std::vector<comparison_run>* runs;
};

class contest {
 public:
  contest(comparison& result, const strings& sources, path parent)
      : result_(result),
        sources_(sources),
        trees_(sources.begin(), sources.end()),
        parent_(std::move(parent)) {}

  /// False, with the comparison's failure set, when there is no figure.
  bool run(const contestant& who) {
    const auto made = std::make_shared<scratch>(parent_);
    scratch& target = *made;
    if (target.error() != 0)
      return fail(fmt::format("cannot make a directory in '{}': {}", parent_.native(),
                              error_text(target.error())));
    drop_cache(trees_);
    comparison_run figures;
    figures.cached_before = look_at_cache(trees_).resident;
    strings arguments = who.command;
    arguments.emplace_back("--");
    arguments.insert(arguments.end(), sources_.begin(), sources_.end());
    arguments.push_back(target.name());

    const auto start = std::chrono::steady_clock::now();
    const outcome ended = run_child(who.program, std::move(arguments));
    const int synced = sync_file_system(target.name());
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
    if (interrupted() != 0) return fail("interrupted");
    if (!ended.failure.empty()) return fail(fmt::format("{} {}", who.name, ended.failure));
    if (synced != 0)
      return fail(fmt::format("cannot sync after {}: {}", who.name, error_text(synced)));

    figures.wall_seconds = wall.count();
    figures.cpu_seconds = ended.cpu_seconds;
    const cache_state sources = look_at_cache(trees_);
    const cache_state copy = look_at_cache({target.name()});
    figures.cached_sources = sources.resident;
    figures.cached_target = copy.resident;
    figures.files = copy.files;
    figures.bytes = copy.bytes;
    if (sources.unknown + copy.unknown != 0) result_.cache_known = false;
    who.runs->push_back(figures);
    if (keeps_) {
      kept_.push_back(made);
      return true;
    }
    if (const auto why = target.remove(); why)
      return fail(fmt::format("cannot remove '{}': {}", target.name(), why.message()));
    // The next one shall not pay for what this one left to write.
    (void)sync_file_system(parent_);
    return true;
  }

  /// Some file systems are slow to make files where many were removed a moment ago, so the copies
  /// stay until the last one is made, where there is room for all. False: there is not.
  bool keep_copies() {
    const std::uint64_t bytes = look_at_cache(trees_).bytes;
    struct statvfs space{};
    if (::statvfs(parent_.c_str(), &space) == 0)
      keeps_ = std::uint64_t{space.f_bavail} * space.f_frsize / (2 * rounds + 1) > bytes;
    return keeps_;
  }
  bool remove_copies() {
    for (const auto& target : kept_) {
      if (const auto why = target->remove(); why)
        return fail(fmt::format("cannot remove '{}': {}", target->name(), why.message()));
    }
    return true;
  }

 private:
  bool fail(std::string why) {
    result_.failure = std::move(why);
    return false;
  }

  comparison& result_;
  const strings& sources_;
  std::vector<path> trees_;
  path parent_;
  bool keeps_ = false;
  std::vector<std::shared_ptr<scratch>> kept_;
};

/// Why these cannot be compared, or nothing.
std::string refusal(const strings& sources, const path& parent) {
  if (sources.empty()) return "there is nothing to copy";
  std::error_code why;
  const path to = std::filesystem::canonical(parent, why);
  if (why) return fmt::format("'{}': {}", parent.native(), why.message());
  if (!std::filesystem::is_directory(to, why))
    return fmt::format("'{}' is not a directory", parent.native());
  for (const std::string& source : sources) {
    if (!std::filesystem::exists(std::filesystem::symlink_status(source, why)))
      return fmt::format("'{}' does not exist", source);
    if (!std::filesystem::is_directory(std::filesystem::symlink_status(source, why))) continue;
    const path from = std::filesystem::canonical(source, why);
    if (why) return fmt::format("'{}': {}", source, why.message());
    if (std::ranges::mismatch(from, to).in1 == from.end())
      return fmt::format("'{}' is inside '{}': a copy would grow into itself", parent.native(),
                         source);
  }
  return {};
}

void add_remarks(comparison& c) {
  const comparison_run& a = c.carousel.front();
  const comparison_run& b = c.cp.front();
  if (a.files != b.files || a.bytes != b.bytes)
    c.remarks.push_back(
        fmt::format("the copies differ: carousel {} files, {} bytes; cp {} files, {} bytes",
                    a.files, a.bytes, b.files, b.bytes));
  std::uint64_t warm = 0;
  for (const auto* runs : {&c.carousel, &c.cp}) {
    for (const comparison_run& r : *runs) warm = std::max(warm, r.cached_before);
  }
  if (c.cache_known && warm > b.bytes / 100)
    c.remarks.push_back(
        fmt::format("up to {} bytes of the sources stayed in the page cache before a run", warm));
  if (!c.cache_known)
    c.remarks.emplace_back(
        "page cache: the kernel tells only a file's owner and those who may write to it");
}

}  // namespace

comparison compare(const strings& sources, const std::string& target_parent,
                   const strings& cp_flags_for_carousel) {
  comparison c;
  c.carousel_command = {"carousel", "cp", "-a", "--quiet"};
  c.carousel_command.insert(c.carousel_command.end(), cp_flags_for_carousel.begin(),
                            cp_flags_for_carousel.end());
  c.cp_command = {"cp", "-a"};
  const path parent = target_parent.empty() ? path(".") : path(target_parent);
  c.failure = refusal(sources, parent);
  if (!c.failure.empty()) return c;
  // Pages that are not written yet cannot be dropped.
  for (const std::string& source : sources) (void)sync_file_system(source);

  contest runs(c, sources, parent);
  const bool kept = runs.keep_copies();
  const contestant carousel{"carousel", "/proc/self/exe", c.carousel_command, &c.carousel};
  const contestant cp{"cp", "cp", c.cp_command, &c.cp};
  for (int round = 0; round < rounds; ++round) {
    if (!runs.run(carousel) || !runs.run(cp)) return c;
  }
  if (!runs.remove_copies()) return c;
  add_remarks(c);
  if (!kept)
    c.remarks.emplace_back(
        "there is no room for all copies at once: each was removed before the next one was made, "
        "which makes "
        "some file systems slow");
  return c;
}

}  // namespace carousel::tool
