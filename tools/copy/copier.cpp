#include "copy/copier.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <unordered_set>
#include <utility>

#include "common/interruption.hpp"
#include "common/last_error.hpp"
#include "common/naming.hpp"

// The command line, the tree, and the files in flight. What happens to one file is in file_copy.cpp.

namespace carousel::tool {
namespace {

constexpr std::size_t reap_at_min = 256;
constexpr std::chrono::milliseconds interruption_poll{50};
/// How long operations that are in the kernel may go on after an interruption.
constexpr std::chrono::seconds interruption_grace{2};

/// Also when the coroutine that it is in is destroyed.
class set_at_exit {
 public:
  explicit set_at_exit(event& e) noexcept : event_(e) {}
  set_at_exit(const set_at_exit&) = delete;
  set_at_exit& operator=(const set_at_exit&) = delete;
  ~set_at_exit() { event_.set(); }

 private:
  event& event_;
};

std::string directory_path(const std::string& path) { return path.empty() ? "." : path; }

/// -1 and errno. Who may write to a directory need not be allowed to list it.
int open_directory(const std::string& path) noexcept {
  constexpr int flags = O_DIRECTORY | O_CLOEXEC;
  const int fd = ::open(path.c_str(), O_RDONLY | flags);
  return fd >= 0 || errno != EACCES ? fd : ::open(path.c_str(), O_PATH | flags);
}

/// There is nothing, or something else: a link that leads nowhere among them, which a copy may replace.
bool names_no_directory(const std::error_code& why) noexcept {
  return why == std::errc::no_such_file_or_directory || why == std::errc::not_a_directory ||
         why == std::errc::too_many_symbolic_link_levels || why == std::errc::filename_too_long;
}

}  // namespace

copier::copier(const copy_options& options, copy_buffers buffers, copy_report& report)
    : options_(options),
      attributes_{options.attributes(), options.archive},
      buffers_(std::move(buffers)),
      report_(report),
      walk_(attributes_, options.sync, report, line_,
            [this](std::shared_ptr<place> where, directory_entry entry) {
              return visit(std::move(where), std::move(entry));
            }),
      reap_at_(reap_at_min) {}

task<> copier::run() {
  all_ = spawn([this]() -> task<> {
    const set_at_exit over(ended_);
    co_await copy_all();
  });
  auto guard = spawn([this] { return give_up_when_interrupted(); });
  (void)co_await ended_.wait();
  guard.abort();
  report_.buffers = buffers_.registered();
  auto all = std::move(*all_);
  try {
    co_await std::move(all);
  } catch (const std::system_error& e) {
    if (e.code() != errc::canceled) throw;
  }
}

/// Aborts what does not end by itself: its temporary files go away with it.
task<> copier::give_up_when_interrupted() {
  while (interrupted() == 0) co_await sleep_for(interruption_poll);
  co_await sleep_for(interruption_grace);
  for (auto& f : files_) f.abort();
  all_->abort();
}

task<> copier::copy_all() {
  auto to = find_destination();
  if (!to) co_return;
  std::unordered_set<std::string> names;
  for (const std::string& source : options_.sources) {
    const std::string name(without_slashes(split(source).name));
    if (!names_no_child(name) && !names.insert(name).second) remember_landed_ = true;
  }
  for (const std::string& source : options_.sources) {
    if (report_.over()) break;
    co_await copy_named(*to, source);
  }
  co_await finish_files();
  if (!options_.sync) co_return;
  const auto synced = co_await to->where.sync();
  if (!synced) report_.fail_at_target("sync", directory_path(to->prefix), synced.error());
}

task<> copier::finish_files() {
  while (!files_.empty()) {
    auto last = std::move(files_.back());
    files_.pop_back();
    co_await std::move(last);
  }
}

// The command line.

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
    const bool must_be = options_.into || several;
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

task<> copier::copy_named(const destination& to, const std::string& source) {
  split_name parts = split(source);
  const int fd = ::open(directory_path(parts.directory).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) co_return report_.fail("read", source, last_error());
  auto top = std::make_shared<place>(nullptr, directory::from_fd(fd), to.where);
  top->source_name = parts.directory;
  top->target_name = to.prefix;
  top->inherits_acl = attributes_.preserve && gives_acl(to.where.fd());
  const bool follow = options_.follows_named_links();
  struct stat about{};
  if (::fstatat(fd, parts.name.c_str(), &about, follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0)
    co_return report_.fail("read", source, last_error());
  std::string target = to.name;
  if (target.empty()) target = without_slashes(parts.name);
  // The content of SRC/.. goes into the target as that of SRC/. does, never beside it.
  if (to.name.empty() && target == "..") target = ".";
  if (S_ISDIR(about.st_mode)) {
    top->source_id = identity_of(about);
    if (target != "." && target != "..") target = without_slashes(target);
  } else if (target.ends_with('/')) {
    co_return report_.refuse(target_path(*top, target), "is no directory to copy into");
  }
  const bool in_order = co_await comes_in_order(*top, source, target, about);
  if (!in_order) co_return;
  if (S_ISDIR(about.st_mode)) {
    co_await copy_named_directory(std::move(top), std::move(parts.name), std::move(target));
    co_return;
  }
  handles open{top->source, top->target};
  file_job job{top, std::move(open), std::move(parts.name), std::move(target), follow, {}};
  ++top->pending;
  if (S_ISREG(about.st_mode)) {
    co_await start(std::move(job));
  } else if (S_ISLNK(about.st_mode)) {
    copy_symlink(job);
  } else {
    report_.refuse(source, "is a FIFO, a socket or a device; these are not copied");
  }
}

/// Sources whose copies meet are copied one after the other: directories of one name merge, and what comes later out of SRC/.
/// replaces what came before. False when this one is not to be copied, which was said.
task<bool> copier::comes_in_order(const place& top, const std::string& source,
                                  const std::string& target, const struct stat& about) {
  const bool pours = names_no_child(target);
  const auto [first, is_new] = named_.try_emplace(pours ? "." : target, identity_of(about));
  if (pours || poured_ || !is_new) co_await finish_files();
  if (pours) poured_ = true;
  if (pours || is_new) co_return true;
  if (first->second == identity_of(about)) {
    report_.note(fmt::format("{} is named more than once, and copied once", shell_quoted(source)));
    co_return false;
  }
  struct stat made{};
  if (S_ISDIR(about.st_mode) && ::fstatat(top.target.fd(), target.c_str(), &made, 0) == 0 &&
      S_ISDIR(made.st_mode))
    co_return true;
  report_.refuse(source, "would overwrite " + shell_quoted(target_path(top, target)) +
                             ", which was just made");
  co_return false;
}

task<> copier::copy_named_directory(std::shared_ptr<place> top, std::string name,
                                    std::string target) {
  const std::string source = source_path(*top, name);
  if (!options_.directories())
    co_return report_.refuse(source, "is a directory; -r or -a copies directories");
  struct stat there{};
  const bool exists = ::fstatat(top->target.fd(), target.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0;
  if ((exists && identity_of(there) == top->source_id) ||
      is_inside(top->target.fd(), top->source_id))
    co_return report_.refuse(
        source, "cannot be copied into itself, " + shell_quoted(target_path(*top, target)));
  co_await walk_.run(std::move(top), std::move(name), std::move(target));
}

// The tree.

task<> copier::visit(std::shared_ptr<place> where, directory_entry entry) {
  using std::filesystem::file_type;
  handles open{where->source, where->target};
  file_job job{where, std::move(open), entry.name, entry.name, false, {}};
  if (entry.type == file_type::unknown) {
    struct stat about{};
    (void)::fstatat(where->source.fd(), entry.name.c_str(), &about, AT_SYMLINK_NOFOLLOW);
    if (S_ISREG(about.st_mode) || about.st_mode == 0) entry.type = file_type::regular;
    if (S_ISLNK(about.st_mode)) entry.type = file_type::symlink;
  }
  if (entry.type == file_type::regular) {
    co_await start(std::move(job));
    co_return;
  }
  if (entry.type == file_type::symlink) {
    copy_symlink(job);
  } else {
    report_.refuse(source_path(*where, entry.name),
                   "is a FIFO, a socket or a device; these are not copied");
  }
  co_await walk_.leave(std::move(where), std::move(job.open));
}

task<> copier::start(file_job job) {
  auto permit = co_await buffers_.small();
  if (!permit) {
    report_.fail("copy", source_path(*job.where, job.source_name), permit.error());
    co_await walk_.leave(std::move(job.where), std::move(job.open));
    co_return;
  }
  files_.push_back(
      spawn([this](file_job j, fixed_buf p) { return copy_file(std::move(j), std::move(p)); },
            std::move(job), std::move(*permit)));
  if (files_.size() >= reap_at_) co_await reap();
}

/// Forgets the tasks that have ended, so that a tree of any size needs little memory.
task<> copier::reap() {
  std::vector<join_handle<void>> running;
  for (auto& f : std::exchange(files_, {})) {
    if (f.done()) {
      co_await std::move(f);
    } else {
      running.push_back(std::move(f));
    }
  }
  files_ = std::move(running);
  reap_at_ = files_.size() + reap_at_min;
}

void copier::copy_symlink(const file_job& job) {
  const std::string source = source_path(*job.where, job.source_name);
  struct stat about{};
  if (::fstatat(job.open.source.fd(), job.source_name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0)
    return report_.fail("read", source, last_error());
  if (!goes_on(job, plan_of(job, about))) return;
  std::string text(static_cast<std::size_t>(about.st_size) + 1, '\0');
  for (;;) {
    const ssize_t n =
        ::readlinkat(job.open.source.fd(), job.source_name.c_str(), text.data(), text.size());
    if (n < 0) return report_.fail("read the link", source, last_error());
    if (static_cast<std::size_t>(n) < text.size()) {
      text.resize(static_cast<std::size_t>(n));
      break;
    }
    text.resize(text.size() * 2);  // it has grown, or its size was not told
  }
  attribute_losses lost;
  const auto dress = [&](const char* as) {
    lost = copy_link_attributes({job.open.source.fd(), job.source_name.c_str()},
                                {job.open.target.fd(), as}, about, attributes_);
  };
  const auto made = land_symlink(job.open.target, job.target_name, text, replaces(job), dress);
  if (!made && collides(job, made.error())) return;
  if (!made) return fail_to_make("make the link", job, made.error());
  ++report_.symlinks;
  tell(job);
  tell_lost(job, lost);
}

}  // namespace carousel::tool
