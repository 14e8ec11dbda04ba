#include "file_mark.hpp"

#include <sys/stat.h>

#include <ctime>
#include <tuple>

#include "overwriting.hpp"

namespace carousel_rocksdb {

std::optional<file_mark> file_mark::of(int fd) noexcept {
  struct stat about{};
  timespec now{};
  // The clock first: a change that comes after it has at least this time.
  if (::clock_gettime(CLOCK_REALTIME_COARSE, &now) != 0) return std::nullopt;
  if (::fstat(fd, &about) != 0) return std::nullopt;
  const timespec& changed = about.st_ctim;
  if (std::tie(changed.tv_sec, changed.tv_nsec) >= std::tie(now.tv_sec, now.tv_nsec))
    return std::nullopt;
  const std::optional<std::uint64_t> overwritings = overwriting::ended_before(about);
  if (!overwritings) return std::nullopt;
  return file_mark{.bytes = static_cast<std::uint64_t>(about.st_size),
                   .changed_s = changed.tv_sec,
                   .changed_ns = changed.tv_nsec,
                   .overwritings = *overwritings};
}

}  // namespace carousel_rocksdb
