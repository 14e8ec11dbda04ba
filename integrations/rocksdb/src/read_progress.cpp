#include "read_progress.hpp"

#include <unistd.h>

#include <cerrno>
#include <string>

#include "io_error.hpp"

namespace carousel_rocksdb {

rocksdb::IOStatus read_progress::finish_by_calls() {
  while (!finished()) {
    const ssize_t came = ::pread(fd(), into(), bytes(), static_cast<off_t>(offset()));
    if (came < 0 && errno == EINTR) continue;
    if (came < 0) {
      const int error = errno;
      done_ = 0;
      return io_error(
          "While pread offset " + std::to_string(offset_) + " len " + std::to_string(bytes_),
          file_->name(), error);
    }
    took(static_cast<std::size_t>(came));
  }
  return rocksdb::IOStatus::OK();
}

}  // namespace carousel_rocksdb
