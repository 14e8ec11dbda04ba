#include "open_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "io_error.hpp"

namespace carousel_rocksdb {

namespace {

/// Enough for any file system that does not say what it needs.
constexpr std::size_t alignment_untold = 4096;

std::size_t direct_alignment(int fd) noexcept {
  struct statx told{};
  if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &told) != 0) return alignment_untold;
  if ((told.stx_mask & STATX_DIOALIGN) == 0) return alignment_untold;
  // Both are 0 where the file system takes O_DIRECT and goes through the page cache.
  const std::size_t most = std::max(told.stx_dio_mem_align, told.stx_dio_offset_align);
  return most == 0 ? alignment_untold : most;
}

std::atomic<std::uint64_t> next_number = 1;

int open_for_reading(const std::string& name, int flags) noexcept {
  int fd = -1;
  do {
    fd = ::open(name.c_str(), flags);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

}  // namespace

rocksdb::IOStatus open_file::open(const std::string& name, const rocksdb::FileOptions& options,
                                  std::shared_ptr<const open_file>& made) {
  int flags = O_RDONLY;
  if (options.use_direct_reads) flags |= O_DIRECT;
  if (options.set_fd_cloexec) flags |= O_CLOEXEC;
  const int fd = open_for_reading(name, flags);
  if (fd < 0) return io_error("While open a file for random read", name, errno);
  made.reset(new open_file(fd, name, options.use_direct_reads));
  return rocksdb::IOStatus::OK();
}

open_file::open_file(int fd, std::string name, bool direct)
    : fd_(fd),
      number_(next_number.fetch_add(1, std::memory_order_relaxed)),
      name_(std::move(name)),
      direct_(direct),
      alignment_(direct ? direct_alignment(fd) : alignment_untold) {}

open_file::~open_file() { ::close(fd_); }

}  // namespace carousel_rocksdb
