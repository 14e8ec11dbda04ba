#pragma once

#include <rocksdb/file_system.h>

#include <memory>
#include <utility>

#include "open_file.hpp"
#include "read_callback.hpp"

namespace carousel_rocksdb {

class file_system;

/// A file of RocksDB's that is read at offsets, by several threads at once.
///
/// One read that somebody waits for is a pread(2), for a ring has nothing else to do meanwhile.
/// Those of a MultiRead are in flight together on the ring of the calling thread, and those of
/// ReadAsync on the one of the reader's thread. All go into the memory that RocksDB gives, or that
/// it is given with them (memory_of()), and none is shorter than what was asked for unless the file
/// ends there.
class random_access_file final : public rocksdb::FSRandomAccessFile {
 public:
  random_access_file(std::shared_ptr<const open_file> file, file_system& owner) noexcept
      : file_(std::move(file)), owner_(owner) {}

  rocksdb::IOStatus Read(std::uint64_t offset, std::size_t n, const rocksdb::IOOptions& options,
                         rocksdb::Slice* result, char* scratch,
                         rocksdb::IODebugContext* debug) const override;
  /// An error is that of its request; the call as a whole fails only where nothing was done.
  rocksdb::IOStatus MultiRead(rocksdb::FSReadRequest* requests, std::size_t count,
                              const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) override;
  /// Busy where so much is in flight already, or no ring is to be had: RocksDB reads it by Read
  /// then. `*io_handle` is an async_read.
  rocksdb::IOStatus ReadAsync(rocksdb::FSReadRequest& request, const rocksdb::IOOptions& options,
                              read_callback call, void* argument, void** io_handle,
                              rocksdb::IOHandleDeleter* del_fn,
                              rocksdb::IODebugContext* debug) override;

  // Prefetch() is RocksDB's own, which answers NotSupported: else RocksDB would leave what comes
  // next to the kernel, and never read in advance by itself.

  std::size_t GetUniqueId(char* id, std::size_t id_max) const override;
  void Hint(AccessPattern pattern) override;
  rocksdb::IOStatus InvalidateCache(std::size_t offset, std::size_t length) override;
  bool use_direct_io() const override { return file_->direct(); }
  std::size_t GetRequiredBufferAlignment() const override { return file_->alignment(); }

 private:
  std::shared_ptr<const open_file> file_;
  file_system& owner_;
};

}  // namespace carousel_rocksdb
