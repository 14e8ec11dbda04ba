#include "file_system.hpp"

#include <cstdio>
#include <exception>
#include <utility>

#include "carousel/carousel.hpp"
#include "carousel/rocksdb.hpp"
#include "counters.hpp"
#include "open_file.hpp"
#include "overwriting.hpp"
#include "random_access_file.hpp"

namespace carousel_rocksdb {

namespace {

using rocksdb::IODebugContext;
using rocksdb::IOStatus;

void say_once(const std::string& why) noexcept {
  static std::once_flag said;
  std::call_once(said, [&] {
    std::fprintf(stderr, "carousel-rocksdb: %s; RocksDB's default file system does it all\n",
                 why.c_str());
  });
}

/// A ring for a moment, to learn what the kernel says before files depend on it.
bool can_make_rings() {
  const carousel::result<carousel::runtime> made = carousel::runtime::make({.entries = 1});
  if (made || !ring_refusal::is_for_good(made.error())) return true;
  say_once(made.error().message());
  return false;
}

}  // namespace

file_system::file_system()
    : FileSystemWrapper(rocksdb::FileSystem::Default()), has_rings_(can_make_rings()) {}

IOStatus file_system::NewRandomAccessFile(const std::string& name,
                                          const rocksdb::FileOptions& options,
                                          std::unique_ptr<rocksdb::FSRandomAccessFile>* made,
                                          IODebugContext* debug) {
  if (!has_rings_ || options.use_mmap_reads) {
    return FileSystemWrapper::NewRandomAccessFile(name, options, made, debug);
  }
  made->reset();
  try {
    std::shared_ptr<const open_file> opened;
    IOStatus outcome = open_file::open(name, options, opened);
    if (!outcome.ok()) return outcome;
    *made = std::make_unique<random_access_file>(std::move(opened), *this);
    count(counters.files);
    return outcome;
  } catch (const std::exception& short_of_something) {
    return IOStatus::IOError("While open a file for random read: " + name,
                             short_of_something.what());
  }
}

// Without rings all files are the default file system's, and so are the handles.

IOStatus file_system::Poll(std::vector<void*>& handles, std::size_t min_completions) {
  if (!has_rings_) return FileSystemWrapper::Poll(handles, min_completions);
  poll_all(handles);
  return IOStatus::OK();
}

IOStatus file_system::AbortIO(std::vector<void*>& handles) {
  if (!has_rings_) return FileSystemWrapper::AbortIO(handles);
  abort_all(handles);
  return IOStatus::OK();
}

namespace {

/// `made` from now on says, where the file was opened, that it is overwritten.
template <class Wrapper, class File>
IOStatus overwritten(IOStatus opened, const std::string& name, std::unique_ptr<File>* made) {
  if (!opened.ok() || *made == nullptr) return opened;
  try {
    *made = std::make_unique<overwritten_file<Wrapper>>(name, std::move(*made));
  } catch (const std::exception& short_of_something) {
    made->reset();
    return IOStatus::IOError("While open a file for writing: " + name, short_of_something.what());
  }
  return opened;
}

}  // namespace

IOStatus file_system::NewRandomRWFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSRandomRWFile>* made,
                                      IODebugContext* debug) {
  return overwritten<rocksdb::FSRandomRWFileOwnerWrapper>(
      FileSystemWrapper::NewRandomRWFile(name, options, made, debug), name, made);
}

IOStatus file_system::ReopenWritableFile(const std::string& name,
                                         const rocksdb::FileOptions& options,
                                         std::unique_ptr<rocksdb::FSWritableFile>* made,
                                         IODebugContext* debug) {
  return overwritten<rocksdb::FSWritableFileOwnerWrapper>(
      FileSystemWrapper::ReopenWritableFile(name, options, made, debug), name, made);
}

IOStatus file_system::ReuseWritableFile(const std::string& name, const std::string& old_name,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSWritableFile>* made,
                                        IODebugContext* debug) {
  return overwritten<rocksdb::FSWritableFileOwnerWrapper>(
      FileSystemWrapper::ReuseWritableFile(name, old_name, options, made, debug), name, made);
}

IOStatus file_system::NewMemoryMappedFileBuffer(
    const std::string& name, std::unique_ptr<rocksdb::MemoryMappedFileBuffer>* made) {
  std::unique_ptr<rocksdb::MemoryMappedFileBuffer> mapped;
  IOStatus status = FileSystemWrapper::NewMemoryMappedFileBuffer(name, &mapped);
  if (!status.ok()) return status;
  try {
    overwriting::never_ends(name);
  } catch (const std::exception& short_of_something) {
    return IOStatus::IOError("While map a file: " + name, short_of_something.what());
  }
  *made = std::move(mapped);
  return status;
}

#if ROCKSDB_MAJOR > 8 || (ROCKSDB_MAJOR == 8 && ROCKSDB_MINOR >= 4)
void file_system::SupportedOps(std::int64_t& supported) {
  FileSystemWrapper::SupportedOps(supported);
  if (!has_rings_) return;
  for (const rocksdb::FSSupportedOps one : {rocksdb::kAsyncIO, rocksdb::kFSBuffer})
    supported |= std::int64_t{1} << one;
}
#endif

std::shared_ptr<async_reader> file_system::reader() {
  const std::lock_guard own(lock_);
  if (!reader_ && refusal_.is_over()) {
    auto begun = async_reader::start();
    if (begun)
      reader_ = std::move(*begun);
    else
      refusal_.note(begun.error());
  }
  return reader_;
}

}  // namespace carousel_rocksdb

namespace carousel {

std::shared_ptr<rocksdb::FileSystem> make_rocksdb_file_system() {
  return std::make_shared<carousel_rocksdb::file_system>();
}

}  // namespace carousel
