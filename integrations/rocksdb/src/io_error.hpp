#pragma once

#include <rocksdb/io_status.h>

#include <string>

namespace carousel_rocksdb {

/// What RocksDB's own file system makes of an errno: the code and the subcode decide how the
/// database goes on (no space: it waits and recovers; no such path: the file is missing), and
/// whether another try may help. `doing` is the beginning of the message, as in "While pread".
[[nodiscard]] rocksdb::IOStatus io_error(const std::string& doing, const std::string& name,
                                         int error);

}  // namespace carousel_rocksdb
