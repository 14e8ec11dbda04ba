#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "common/last_error.hpp"
#include "common/owned_descriptor.hpp"
#include "copy/attributes.hpp"
#include "copy/copier.hpp"
#include "copy/link_text.hpp"

// What has no content: symbolic links, FIFOs, sockets and device nodes. They are made by one call,
// and none of them is opened for more than to name it: to open a device may do something.

namespace carousel::tool {
namespace {

/// Opens a special file to be named only, if it is still the one; -1 and errno.
int name_special(const link_name& at, int nofollow, const struct stat& about) noexcept {
  const int fd = ::openat(at.directory, at.name, O_PATH | O_CLOEXEC | nofollow);
  struct stat now{};
  if (fd < 0 || (::fstat(fd, &now) == 0 && ((now.st_mode ^ about.st_mode) & S_IFMT) == 0 &&
                 now.st_rdev == about.st_rdev))
    return fd;
  ::close(fd);
  errno = ESTALE;
  return -1;
}

}  // namespace

const char* copier::making(unsigned type) noexcept {
  switch (type) {
    case S_IFREG: return "create";
    case S_IFLNK: return "make the link";
    case S_IFIFO: return "make the FIFO";
    case S_IFSOCK: return "make the socket";
    default: return "make the device";
  }
}

task<copier::attempt> copier::copy_node(file_job& job, tries& /*all*/) {
  struct stat about{};
  if (::fstatat(job.open.source.fd(), job.source_name.c_str(), &about,
                job.follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0) {
    job.said->fail("read", source_path(job), last_error());
    co_return false;
  }
  if (S_ISREG(about.st_mode) || S_ISDIR(about.st_mode)) {
    job.said->refuse(source_path(job), "is something else now than when its directory was listed");
    co_return false;
  }
  const target_plan plan = plan_of(job, about);
  const attempt to_be_made = is_to_be_made(job, about, plan);
  if (!to_be_made || !*to_be_made) co_return after(to_be_made, job.is_current);
  attribute_losses lost;
  const bool is_link = S_ISLNK(about.st_mode);
  std::string text;
  if (is_link) {
    auto read = text_of_link({job.open.source.fd(), job.source_name.c_str()},
                             static_cast<std::size_t>(about.st_size));
    if (!read) {
      job.said->fail("read the link", source_path(job), read.error());
      co_return false;
    }
    text = std::move(*read);
  }
  if (options_.dry_run) {
    foresee(job, about, plan);
    co_return job.is_foreseen;
  }
  const auto kept = back_up(job, identity_of(about), options_);
  if (!kept)
    co_return std::unexpected(no_descriptor{kept.error(), "keep a backup of", side::target});
  if (!kept->goes_on) co_return false;
  const auto made = is_link ? make_symlink(job, about, text, lost) : make_special(job, about, lost);
  if (!made) withdraw(job, *kept);
  if (!made && out_of_descriptors(made.error()))
    co_return std::unexpected(
        no_descriptor{made.error(), making(about.st_mode & S_IFMT), side::target});
  if (!made) {
    if (!collides(job, made.error()))
      fail_to_make(making(about.st_mode & S_IFMT), job, made.error());
    co_return false;
  }
  const int dir = job.open.target.fd();
  const char* name = job.target_name.c_str();
  if (struct stat there{};
      remember_landed_ && ::fstatat(dir, name, &there, AT_SYMLINK_NOFOLLOW) == 0)
    landed_.insert(identity_in(dir, name, there));
  remember_copy(job, options_);
  list(job, {}, options_);
  ++(is_link ? report_.symlinks : report_.special_files);
  tell(job);
  tell_lost(job, lost);
  co_return true;
}

result<> copier::make_symlink(const file_job& job, const struct stat& about,
                              const std::string& text, attribute_losses& lost) const {
  const link_name from{job.open.source.fd(), job.source_name.c_str()};
  const int target = job.open.target.fd();
  return land_node(job.open.target, job.target_name, replaces(job, options_), [&](const char* as) {
    if (::symlinkat(text.c_str(), target, as) != 0) return -1;
    lost = copy_link_attributes(from, {target, as}, about, attributes_);
    return 0;
  });
}

/// As cp(1), which takes none of the bits of the mode away but those of the umask. Where there is
/// no descriptor to give it its attributes by, it is not made.
result<> copier::make_special(const file_job& job, const struct stat& about,
                              attribute_losses& lost) const {
  const int target = job.open.target.fd();
  const mode_t mode = about.st_mode & (attributes_.preserve ? ~077U : ~0U);
  const owned_descriptor from(attributes_.preserve
                                  ? name_special({job.open.source.fd(), job.source_name.c_str()},
                                                 job.follow ? 0 : O_NOFOLLOW, about)
                                  : -1);
  if (const std::error_code why = last_error(); attributes_.preserve && from.fd() < 0) {
    if (out_of_descriptors(why)) return std::unexpected(why);
    lost = {{attribute::mode, why.value()}};
  }
  return land_node(job.open.target, job.target_name, replaces(job, options_), [&](const char* as) {
    if (::mknodat(target, as, mode, about.st_rdev) != 0) return -1;
    if (from.fd() < 0) return 0;
    const owned_descriptor to(name_special({target, as}, O_NOFOLLOW, about));
    if (to.fd() >= 0) {
      lost = copy_attributes(from.fd(), to.fd(), about, attributes_, job.where->inherits_acl);
      return 0;
    }
    const int why = errno;
    lost = {{attribute::mode, why}};
    if (!out_of_descriptors({why, std::generic_category()})) return 0;
    (void)::unlinkat(target, as, 0);
    errno = why;
    return -1;
  });
}

}  // namespace carousel::tool
