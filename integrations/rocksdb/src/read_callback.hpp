#pragma once

#include <rocksdb/file_system.h>

namespace carousel_rocksdb {

template <class Member>
struct callback_taken_by;
template <class Callback>
struct callback_taken_by<rocksdb::IOStatus (rocksdb::FSRandomAccessFile::*)(
    rocksdb::FSReadRequest&, const rocksdb::IOOptions&, Callback, void*, void**,
    rocksdb::IOHandleDeleter*, rocksdb::IODebugContext*)> {
  using type = Callback;
};

/// What ReadAsync is to call. RocksDB 7.8 only looks at the request that it gets there, later ones
/// also take what is in it.
using read_callback = callback_taken_by<decltype(&rocksdb::FSRandomAccessFile::ReadAsync)>::type;

}  // namespace carousel_rocksdb
