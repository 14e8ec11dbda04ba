#include "open/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace bench {

small_files::small_files(const std::string& folder, unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    const std::string inner = folder + '/' + std::to_string(i / 100);
    if (i % 100 == 0 && ::mkdir(inner.c_str(), 0700) != 0 && errno != EEXIST) fail_errno(inner);
    paths_.push_back(inner + '/' + std::to_string(i % 100));
    const std::vector<std::uint64_t> words(bytes / 8, i);
    const int fd = ::open(paths_.back().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) fail_errno(paths_.back());
    if (::write(fd, words.data(), bytes) != static_cast<ssize_t>(bytes)) fail_errno(paths_.back());
    ::close(fd);
  }
}

}  // namespace bench
