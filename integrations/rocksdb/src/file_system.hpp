#pragma once

#include <rocksdb/file_system.h>
#include <rocksdb/version.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "async_reader.hpp"
#include "ring_refusal.hpp"

namespace carousel_rocksdb {

/// The file system that RocksDB sees: files that are read at offsets are random_access_file, and
/// everything else is what the default file system makes of it.
class file_system final : public rocksdb::FileSystemWrapper {
 public:
  file_system();

  const char* Name() const override { return "CarouselFileSystem"; }

  rocksdb::IOStatus NewRandomAccessFile(const std::string& name,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* made,
                                        rocksdb::IODebugContext* debug) override;
  /// Waits for all handles, whatever `min_completions` is: fewer would be for a caller that looks
  /// which of them are done, and RocksDB takes it for the first ones.
  rocksdb::IOStatus Poll(std::vector<void*>& handles, std::size_t min_completions) override;
  rocksdb::IOStatus AbortIO(std::vector<void*>& handles) override;

  // Files that are overwritten where they are may be those that somebody reads.

  rocksdb::IOStatus NewRandomRWFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSRandomRWFile>* made,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* made,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReuseWritableFile(const std::string& name, const std::string& old_name,
                                      const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* made,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewMemoryMappedFileBuffer(
      const std::string& name, std::unique_ptr<rocksdb::MemoryMappedFileBuffer>* made) override;

#if ROCKSDB_MAJOR > 8 || (ROCKSDB_MAJOR == 8 && ROCKSDB_MINOR >= 4)
  /// ReadAsync, and memory for reads that bring none (memory_of()).
  void SupportedOps(std::int64_t& supported) override;
#endif

  /// The thread that reads in advance, begun where there is none yet. Null: there can be none.
  [[nodiscard]] std::shared_ptr<async_reader> reader();

 private:
  const bool has_rings_;  ///< or may have some later
  std::mutex lock_;
  std::shared_ptr<async_reader> reader_;
  ring_refusal refusal_;  ///< of a ring for it
};

}  // namespace carousel_rocksdb
