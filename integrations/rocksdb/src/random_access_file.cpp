#include "random_access_file.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cerrno>
#include <exception>
#include <span>

#include "async_read.hpp"
#include "counters.hpp"
#include "file_system.hpp"
#include "io_error.hpp"
#include "read_ahead.hpp"
#include "read_progress.hpp"
#include "sequences.hpp"
#include "thread_ring.hpp"

namespace carousel_rocksdb {

using rocksdb::FSReadRequest;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

namespace {

constexpr std::size_t varint64_bytes_max = 10;

/// RocksDB's variable-length integers: seven bits a byte, the lowest first.
char* put_varint64(char* at, std::uint64_t number) noexcept {
  for (; number >= 0x80; number >>= 7U) *at++ = static_cast<char>(number | 0x80U);
  *at++ = static_cast<char>(number);
  return at;
}

int advice_for(rocksdb::FSRandomAccessFile::AccessPattern pattern) noexcept {
  switch (pattern) {
    case rocksdb::FSRandomAccessFile::kRandom: return POSIX_FADV_RANDOM;
    case rocksdb::FSRandomAccessFile::kSequential: return POSIX_FADV_SEQUENTIAL;
    case rocksdb::FSRandomAccessFile::kWillNeed: return POSIX_FADV_WILLNEED;
    case rocksdb::FSRandomAccessFile::kWontNeed: return POSIX_FADV_DONTNEED;
    default: return POSIX_FADV_NORMAL;
  }
}

constinit thread_local sequences reads_of_this_thread;

/// A direct read that goes on where others have ended finds what it asks for already there.
void read_what_is_ahead(const open_file& file, read_progress& asked) {
  const std::size_t bytes = asked.bytes();
  if (bytes == 0 || bytes > read_ahead::read_bytes_max) return;
  const std::uint64_t mixed =
      asked.offset() | bytes | reinterpret_cast<std::uintptr_t>(asked.into());
  // Of any other the kernel has to say what it thinks of it.
  if (file.alignment() > read_ahead::alignment || mixed % file.alignment() != 0) return;
  const unsigned before = reads_of_this_thread.note(file.number(), asked.offset(), bytes);
  if (before < read_ahead::reads_in_a_row_min) return;
  if (thread_ring* const ring = thread_ring::mine()) ring->ahead().serve(file, asked, before);
}

void read_by_calls(const open_file& file, FSReadRequest& asked) {
  read_progress progress(file, asked);
  asked.status = progress.finish_by_calls();
  asked.result = progress.result();
}

}  // namespace

IOStatus random_access_file::Read(std::uint64_t offset, std::size_t n, const IOOptions&,
                                  Slice* result, char* scratch, IODebugContext*) const {
  count(counters.reads);
  read_progress progress(*file_, offset, n, scratch);
  if (file_->direct()) read_what_is_ahead(*file_, progress);
  IOStatus done = progress.finish_by_calls();
  *result = progress.result();
  return done;
}

IOStatus random_access_file::MultiRead(FSReadRequest* requests, std::size_t how_many,
                                       const IOOptions&, IODebugContext*) {
  count(counters.multireads);
  count(counters.requests, how_many);
  const std::span all(requests, how_many);
  try {
    thread_ring* const ring = how_many > 1 ? thread_ring::mine() : nullptr;
    if (ring != nullptr) {
      count(counters.by_ring, how_many);
      ring->read_all(*file_, all);
    } else {
      for (FSReadRequest& asked : all) read_by_calls(*file_, asked);
    }
  } catch (const std::exception& short_of_something) {
    return IOStatus::IOError("MultiRead of " + file_->name(), short_of_something.what());
  }
  return IOStatus::OK();
}

IOStatus random_access_file::ReadAsync(FSReadRequest& request, const IOOptions&, read_callback call,
                                       void* argument, void** io_handle,
                                       rocksdb::IOHandleDeleter* del_fn, IODebugContext*) {
  std::unique_ptr<async_read> begun;
  try {
    const std::shared_ptr<async_reader> reader = owner_.reader();
    if (reader) begun = reader->begin(file_, request, std::move(call), argument);
  } catch (const std::exception& short_of_something) {
    count(counters.async_busy);
    return IOStatus::Busy("No read in advance of " + file_->name(), short_of_something.what());
  }
  if (!begun) {
    count(counters.async_busy);
    return IOStatus::Busy("No place for another read in advance of " + file_->name());
  }
  count(counters.async_reads);
  *del_fn = [](void* handle) { delete static_cast<async_read*>(handle); };
  *io_handle = begun.release();
  return IOStatus::OK();
}

std::size_t random_access_file::GetUniqueId(char* id, std::size_t id_max) const {
  if (id_max < 3 * varint64_bytes_max) return 0;
  struct stat about{};
  long generation = 0;
  if (::fstat(file_->fd(), &about) != 0) return 0;
  if (::ioctl(file_->fd(), FS_IOC_GETVERSION, &generation) != 0) return 0;
  char* end = put_varint64(id, about.st_dev);
  end = put_varint64(end, about.st_ino);
  end = put_varint64(end, static_cast<std::uint64_t>(generation));
  return static_cast<std::size_t>(end - id);
}

void random_access_file::Hint(AccessPattern pattern) {
  if (!file_->direct()) (void)::posix_fadvise(file_->fd(), 0, 0, advice_for(pattern));
}

IOStatus random_access_file::InvalidateCache(std::size_t offset, std::size_t length) {
  if (file_->direct()) return IOStatus::OK();
  const int error = ::posix_fadvise(file_->fd(), static_cast<off_t>(offset),
                                    static_cast<off_t>(length), POSIX_FADV_DONTNEED);
  if (error == 0) return IOStatus::OK();
  return io_error(
      "While fadvise NotNeeded offset " + std::to_string(offset) + " len " + std::to_string(length),
      file_->name(), error);
}

}  // namespace carousel_rocksdb
