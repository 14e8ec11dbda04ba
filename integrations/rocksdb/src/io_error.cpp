#include "io_error.hpp"

#include <cerrno>
#include <system_error>

namespace carousel_rocksdb {

rocksdb::IOStatus io_error(const std::string& doing, const std::string& name, int error) {
  using rocksdb::IOStatus;
  const std::string where = doing + ": " + name;
  const std::string why = std::generic_category().message(error);
  switch (error) {
    case ENOSPC: {  // space may be made; RocksDB looks for it by itself
      IOStatus full = IOStatus::NoSpace(where, why);
      full.SetRetryable(true);
      return full;
    }
    case ESTALE:  // a network file system has lost the file behind the descriptor
      return IOStatus::IOError(IOStatus::kStaleFile);
    case ENOENT: return IOStatus::PathNotFound(where, why);
    default: return IOStatus::IOError(where, why);
  }
}

}  // namespace carousel_rocksdb
