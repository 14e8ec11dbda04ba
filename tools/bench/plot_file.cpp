#include "bench/plot_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "common/last_error.hpp"
#include "common/naming.hpp"

namespace carousel::tool::bench {
namespace {

/// 0 or an errno.
int write_all(int fd, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

}  // namespace

std::string plot_file::failure(int why) const {
  return fmt::format("cannot write {}: {}", shell_quoted(path_), error_text(why));
}

std::string plot_file::refusal(const subject& measured) const {
  const split_name parts = split(path_);
  const std::string directory = parts.directory.empty() ? "." : parts.directory;
  struct stat about{};
  if (::stat(path_.c_str(), &about) == 0) {
    if (measured.is_same_file(about))
      return fmt::format("{} is the file to be read: the plot would replace it",
                         shell_quoted(path_));
    if (!S_ISREG(about.st_mode))
      return fmt::format("{} is no regular file: the plot cannot replace it", shell_quoted(path_));
  }
  if (parts.name.ends_with('/') || names_no_child(parts.name)) return failure(EISDIR);
  return ::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) == 0 ? std::string()
                                                                                : failure(errno);
}

std::string plot_file::write(std::string_view text) const {
  const split_name parts = split(path_);
  const std::string temporary = parts.directory + temporary_name(parts.name);
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) return failure(errno);
  int why = write_all(fd, text);
  if (::close(fd) != 0 && why == 0) why = errno;
  if (why == 0 && ::rename(temporary.c_str(), path_.c_str()) != 0) why = errno;
  if (why == 0) return {};
  ::unlink(temporary.c_str());
  return failure(why);
}

}  // namespace carousel::tool::bench
