#include "copier.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <random>
#include <ranges>

#include "content.hpp"
#include "digest.hpp"
#include "interruption.hpp"
#include "progress_line.hpp"

namespace carousel::tool {
namespace {

constexpr std::size_t temporary_stem_max = 230;  // with the dot and the suffix within NAME_MAX, 255

std::error_code last_error() noexcept { return {errno, std::generic_category()}; }

std::filesystem::path temporary_beside(const std::filesystem::path& target) {
  static std::random_device random;
  const std::string stem = target.filename().native().substr(0, temporary_stem_max);
  return target.parent_path() / fmt::format(".{}.carousel-{:08x}", stem, random());
}

/// Removes the temporary file unless it was renamed.
class temporary {
 public:
  explicit temporary(std::filesystem::path name) : name_(std::move(name)) {}
  temporary(const temporary&) = delete;
  temporary& operator=(const temporary&) = delete;
  ~temporary() {
    if (!name_.empty()) ::unlink(name_.c_str());
  }
  void keep() noexcept { name_.clear(); }

 private:
  std::filesystem::path name_;
};

/// Owner before mode: chown(2) takes the set-user-ID bit away. Who may not give files away keeps them, without that bit.
std::error_code set_attributes(int fd, const struct stat& about, bool preserve, unsigned umask) {
  unsigned mode = about.st_mode & 0777U & ~umask;
  if (preserve) {
    mode = about.st_mode & 07777U;
    if (::fchown(fd, about.st_uid, about.st_gid) != 0) mode &= 01777U;
  }
  if (::fchmod(fd, mode) != 0) return last_error();
  const std::array<timespec, 2> times{about.st_atim, about.st_mtim};
  if (preserve && ::futimens(fd, times.data()) != 0) return last_error();
  return {};
}

bool inside(const std::filesystem::path& directory, const struct stat& ancestor) {
  std::error_code ignored;
  for (auto p = std::filesystem::weakly_canonical(directory, ignored);; p = p.parent_path()) {
    struct stat s{};
    if (::stat(p.c_str(), &s) == 0 && s.st_dev == ancestor.st_dev && s.st_ino == ancestor.st_ino)
      return true;
    if (p == p.parent_path()) return false;
  }
}

}  // namespace

copier::copier(copy_options options, fixed_buf_pool pool)
    : options_(options), pool_(std::move(pool)), umask_(::umask(0)) {
  ::umask(umask_);
}

void copier::refuse(const path& where, const std::string& why) {
  report_.errors.push_back(fmt::format("'{}': {}", where.native(), why));
}
void copier::fail(const char* what, const path& where, const std::error_code& why) {
  refuse(where, fmt::format("cannot {}: {}", what, why.message()));
}

bool copier::refuse_same(const path& target, const struct stat& source, const path& named) {
  struct stat s{};
  if (::stat(target.c_str(), &s) != 0 && ::lstat(target.c_str(), &s) != 0) return false;
  if (s.st_dev != source.st_dev || s.st_ino != source.st_ino) return false;
  refuse(named, fmt::format("is the same file as '{}'", target.native()));
  return true;
}

task<> copier::run(std::vector<path> sources, path target) {
  report_.fixed = pool_.register_buffers() && pool_.registered() == registration::fixed;
  const bool into = std::filesystem::is_directory(target);
  if (sources.size() > 1 && !into) {
    refuse(target, "is not a directory");
    co_return;
  }
  auto progress = spawn([this] { return show_progress(); });
  for (path& source : sources) {
    path name = source.filename().empty() ? source.parent_path().filename() : source.filename();
    // Named: g++ 12 destroys the temporaries of ?: twice when they are arguments inside a co_await.
    path named = target;
    if (into) named /= name;
    co_await copy_one(std::move(source), std::move(named), !options_.recursive);
  }
  for (auto& t : tasks_) co_await std::move(t);
  progress.abort();
  // Last made first: what is written into a directory changes its times.
  for (const auto& d : directories_ | std::views::reverse) finish_directory(d);
}

task<> copier::copy_one(path source, path target, bool follow) {
  if (interrupted()) co_return;
  struct stat about{};
  if ((follow ? ::stat(source.c_str(), &about) : ::lstat(source.c_str(), &about)) != 0) {
    fail("read", source, last_error());
  } else if (refuse_same(target, about, source)) {
  } else if (S_ISDIR(about.st_mode) && !options_.recursive) {
    refuse(source, "is a directory; -r or -a copies directories");
  } else if (S_ISDIR(about.st_mode)) {
    co_await copy_directory(std::move(source), std::move(target), about);
  } else if (S_ISLNK(about.st_mode)) {
    copy_link(source, target, about);
  } else if (!S_ISREG(about.st_mode)) {
    refuse(source, "is a FIFO, a socket or a device; these are not copied");
  } else {
    auto lease = co_await pool_.next(options_.buffer_size);
    if (!lease) co_return fail("copy", source, lease.error());
    tasks_.push_back(
        spawn([this](path s, path t,
                     fixed_buf l) { return copy_file(std::move(s), std::move(t), std::move(l)); },
              std::move(source), std::move(target), std::move(*lease)));
  }
}

task<> copier::copy_directory(path source, path target, struct stat about) {
  if (inside(target.parent_path().empty() ? "." : target.parent_path(), about)) {
    refuse(source, fmt::format("cannot be copied into itself, '{}'", target.native()));
    co_return;
  }
  const bool made = ::mkdir(target.c_str(), 0700) == 0;
  struct stat there{};
  if (!made && (::lstat(target.c_str(), &there) != 0 || !S_ISDIR(there.st_mode)))
    co_return fail("create the directory", target, std::make_error_code(std::errc::file_exists));
  ++report_.directories;
  if (made || options_.preserve) directories_.push_back({target, about});
  auto entries = co_await directory::list(source);
  if (!entries) co_return fail("list", source, entries.error());
  for (const directory_entry& e : *entries) {
    path from = source / e.name;
    path to = target / e.name;
    co_await copy_one(std::move(from), std::move(to), false);
  }
}

task<> copier::show_progress() {
  if (options_.quiet || ::isatty(STDERR_FILENO) == 0) co_return;
  const progress_line line;
  for (;;) {
    line.show(report_.files, report_.bytes);
    co_await sleep_for(std::chrono::milliseconds(100));
  }
}

void copier::finish_directory(const finished_directory& d) {
  const int fd = ::open(d.target.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return fail("open", d.target, last_error());
  if (const auto why = set_attributes(fd, d.about, options_.preserve, umask_); why)
    fail("set the attributes of", d.target, why);
  if (options_.sync && ::fsync(fd) != 0) fail("sync", d.target, last_error());
  ::close(fd);
}

void copier::copy_link(const path& source, const path& target, const struct stat& about) {
  std::error_code why;
  const path to = std::filesystem::read_symlink(source, why);
  if (why) return fail("read the link", source, why);
  const path name = temporary_beside(target);
  temporary guard(name);
  if (::symlink(to.c_str(), name.c_str()) != 0) return fail("link", target, last_error());
  if (options_.preserve) {
    const std::array<timespec, 2> times{about.st_atim, about.st_mtim};
    (void)::lchown(name.c_str(), about.st_uid, about.st_gid);
    if (::utimensat(AT_FDCWD, name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0)
      return fail("set the times of", target, last_error());
  }
  if (::rename(name.c_str(), target.c_str()) != 0) return fail("rename to", target, last_error());
  guard.keep();
  ++report_.links;
}

task<> copier::copy_file(path source, path target, fixed_buf lease) {
  // Followed only where the walk has followed; O_NONBLOCK: a FIFO that was put there meanwhile must not block the open.
  const int flags = O_NONBLOCK | (options_.recursive ? O_NOFOLLOW : 0);
  auto from = co_await file::open(source, open_options{}.custom_flags(flags));
  if (!from) co_return fail("open", source, from.error());
  struct stat before{};
  if (::fstat(from->fd(), &before) != 0) co_return fail("read", source, last_error());
  if (!S_ISREG(before.st_mode)) co_return refuse(source, "is not a regular file any more");
  ::fcntl(from->fd(), F_SETFL, 0);
  const path name = temporary_beside(target);
  // Creating and renaming a name are short work in memory, for which io_uring would wake a worker thread each. Reads and writes,
  // which can take long, go through the ring.
  const int created =
      ::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (created < 0) co_return fail("create", target, last_error());
  file to = file::from_fd(created);
  temporary guard(name);
  const open_pair files{*from, to, source, name, before};
  auto filled = co_await copy_content(files, pool_, std::move(lease), report_.bytes);
  if (!filled.res) co_return fail("copy", source, filled.res.error());
  if (options_.verify) {
    auto verified = co_await verify_copy(*from, to, std::move(filled.buf));
    filled.buf = std::move(verified.buf);
    if (!verified.res) co_return fail("verify the copy of", source, verified.res.error());
  }
  if (const auto why = set_attributes(to.fd(), before, options_.preserve, umask_); why)
    co_return fail("set the attributes of", target, why);
  if (options_.sync) {
    const auto synced = co_await to.sync_all();
    if (!synced) co_return fail("sync", target, synced.error());
  }
  struct stat after{};
  if (::fstat(from->fd(), &after) == 0 && after.st_size != before.st_size)
    refuse(source, "changed its size while it was copied");
  auto closing = std::move(to).close();
  const auto closed = co_await std::move(closing);
  if (!closed) co_return fail("close", target, closed.error());
  if (::rename(name.c_str(), target.c_str()) != 0)
    co_return fail("rename to", target, last_error());
  guard.keep();
  ++report_.files;
}

}  // namespace carousel::tool
