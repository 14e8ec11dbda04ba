#pragma once

#include <rocksdb/file_system.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <vector>

#include "carousel/task.hpp"
#include "open_file.hpp"
#include "read_callback.hpp"

namespace carousel_rocksdb {

class async_reader;

/// A read that RocksDB has begun in advance: what the void* of ReadAsync, Poll and AbortIO points
/// to. RocksDB owns it, and any of its threads may poll, abort and delete it.
///
///   running   the reader's thread has it, and the kernel may write into the memory of the request
///   finished  the kernel has let go; status and result are set
///   told      the callback was called, in the thread that polls or aborts; once
///
/// Deleting one that runs stops it, and waits.
class async_read {
 public:
  /// Throws std::bad_alloc.
  async_read(std::shared_ptr<async_reader> reader, std::shared_ptr<const open_file> file,
             const rocksdb::FSReadRequest& asked, read_callback call, void* argument);
  async_read(const async_read&) = delete;
  async_read& operator=(const async_read&) = delete;
  ~async_read();

  // RocksDB's threads.

  /// Waits until it is finished, and tells so.
  void poll();
  void stop() noexcept { (void)stop_.request_stop(); }
  /// The same as poll(), after stop(): nobody may have what came all the same.
  void tell_aborted();

  // The reader's thread.

  /// Reads. Afterwards the object may be gone.
  carousel::task<> perform();
  /// It cannot be begun.
  void refuse(rocksdb::IOStatus why) noexcept;

 private:
  void finish(rocksdb::IOStatus status, rocksdb::Slice result) noexcept;
  void wait() noexcept;
  void tell();

  const std::shared_ptr<async_reader> reader_;
  const std::shared_ptr<const open_file> file_;
  rocksdb::FSReadRequest request_;  ///< the reader's until it is finished
  char* const into_;                ///< the memory of the request, whoever has brought it
  const read_callback call_;
  void* const argument_;
  std::stop_source stop_;

  std::mutex lock_;
  std::condition_variable finished_now_;
  bool finished_ = false;
  bool told_ = false;
};

/// Poll and AbortIO: null handles are reads that RocksDB's own file system has done at once.
void poll_all(const std::vector<void*>& handles);
void abort_all(const std::vector<void*>& handles);

}  // namespace carousel_rocksdb
