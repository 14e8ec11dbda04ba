#include "async_read.hpp"

#include <exception>
#include <utility>

#include "async_reader.hpp"
#include "carousel/carousel.hpp"
#include "counters.hpp"
#include "lease_lender.hpp"
#include "read_progress.hpp"
#include "ring_read.hpp"

namespace carousel_rocksdb {

using carousel::result;
using carousel::task;
using rocksdb::IOStatus;
using rocksdb::Slice;

namespace {

/// Newer requests own what is in them, and cannot be copied.
rocksdb::FSReadRequest same_extent(const rocksdb::FSReadRequest& asked) {
  rocksdb::FSReadRequest same{};
  same.offset = asked.offset;
  same.len = asked.len;
  same.scratch = asked.scratch;
  return same;
}

}  // namespace

async_read::async_read(std::shared_ptr<async_reader> reader, std::shared_ptr<const open_file> file,
                       const rocksdb::FSReadRequest& asked, read_callback call, void* argument)
    : reader_(std::move(reader)),
      file_(std::move(file)),
      request_(same_extent(asked)),
      into_(memory_of(request_)),
      call_(std::move(call)),
      argument_(argument) {}

async_read::~async_read() {
  if (!reader_->lives_here()) return;  // the parent's read goes on in the parent
  stop();
  wait();
}

void async_read::poll() {
  wait();
  tell();
}

void async_read::tell_aborted() {
  wait();
  {
    const std::lock_guard own(lock_);
    if (!told_) {
      request_.status = IOStatus::Aborted();
      request_.result = Slice(into_, 0);
    }
  }
  tell();
}

task<> async_read::perform() {
  read_progress progress(*file_, request_.offset, request_.len, into_);
  IOStatus status;
  try {
    while (!progress.finished() && !stop_.stop_requested()) {
      const result<std::size_t> came =
          co_await carousel::stop_on(stop_.get_token(), ring_read(progress));
      if (!came && !stop_.stop_requested()) count(counters.redone);
      if (!came || *came == 0) break;  // the end too is what a system call says it is
      progress.took(*came);
    }
    if (!progress.finished() && stop_.stop_requested()) {
      status = IOStatus::Aborted();
    } else {
      status = progress.finish_by_calls();
    }
  } catch (const std::exception& short_of_something) {
    status = IOStatus::IOError(short_of_something.what());
  }
  finish(std::move(status), progress.result());
}

void async_read::refuse(IOStatus why) noexcept { finish(std::move(why), Slice(into_, 0)); }

void async_read::finish(IOStatus status, Slice result) noexcept {
  reader_->ended();
  // Told under the lock: whoever waits has it next, and may delete this object then.
  const std::lock_guard own(lock_);
  request_.result = status.ok() ? result : Slice(into_, 0);
  request_.status = std::move(status);
  finished_ = true;
  finished_now_.notify_all();
}

void async_read::wait() noexcept {
  std::unique_lock own(lock_);
  finished_now_.wait(own, [this] { return finished_; });
}

void async_read::tell() {
  {
    const std::lock_guard own(lock_);
    if (std::exchange(told_, true)) return;
  }
  call_(request_, argument_);
}

void poll_all(const std::vector<void*>& handles) {
  for (void* handle : handles) {
    if (handle == nullptr) continue;
    count(counters.polls);
    static_cast<async_read*>(handle)->poll();
  }
}

void abort_all(const std::vector<void*>& handles) {
  for (void* handle : handles) {
    if (handle != nullptr) static_cast<async_read*>(handle)->stop();
  }
  for (void* handle : handles) {
    if (handle == nullptr) continue;
    count(counters.aborts);
    static_cast<async_read*>(handle)->tell_aborted();
  }
}

}  // namespace carousel_rocksdb
