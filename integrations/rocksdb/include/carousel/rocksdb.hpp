#pragma once

#include <rocksdb/file_system.h>

#include <memory>

namespace carousel {

/// A file system for RocksDB: the default one, where the reads that RocksDB hands over together
/// (MultiRead) or in advance (ReadAsync) are in flight at the same time, on io_uring, and what
/// follows on direct reads in order is read ahead. Give it to rocksdb::NewCompositeEnv() for
/// DBOptions::env. `carousel://` as the URI of a file system, or of an env, is the same once this
/// library is linked or preloaded.
///
/// May be used by any number of threads. It must outlive the databases and files that use it; the
/// env's shared_ptr sees to that. Where the kernel refuses io_uring it is the default file system,
/// which is said once on stderr. Never null; throws std::bad_alloc.
///
/// Of this header C++17 is all that a program needs. The library has its own Carousel inside, and
/// shares nothing with one that the program links.
[[gnu::visibility("default")]] std::shared_ptr<rocksdb::FileSystem> make_rocksdb_file_system();

}  // namespace carousel
