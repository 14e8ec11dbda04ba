#include "thread_ring.hpp"

#include <algorithm>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "counters.hpp"
#include "ring_read.hpp"
#include "ring_refusal.hpp"

namespace carousel_rocksdb {

namespace {

using carousel::join_handle;
using carousel::result;
using carousel::runtime;
using carousel::task;

/// RocksDB asks for 32 at most in one call; more wait for one of these to end.
constexpr std::size_t in_flight_max = 64;

result<std::unique_ptr<thread_ring>> make_ring() {
  thread_local ring_refusal refusal;
  if (!refusal.is_over()) return std::unexpected(make_error_code(carousel::errc::not_supported));
  result<runtime> made = runtime::make({.entries = in_flight_max});
  if (made) return std::make_unique<thread_ring>(std::move(*made));
  refusal.note(made.error());
  return std::unexpected(made.error());
}

/// The requests of one call, which several tasks take from one after the other.
struct batch {
  const open_file* file;
  std::span<rocksdb::FSReadRequest> left;
};

task<> read_one(const open_file& file, rocksdb::FSReadRequest& asked) {
  read_progress progress(file, asked);
  try {
    while (!progress.finished()) {
      const result<std::size_t> came = co_await ring_read(progress);
      if (!came) count(counters.redone);
      if (!came || *came == 0) break;  // the end too is what a system call says it is
      progress.took(*came);
    }
  } catch (const std::bad_alloc&) {  // of what the ring needs for it; a system call needs nothing
    count(counters.redone);
  }
  asked.status = progress.finish_by_calls();
  asked.result = progress.result();
}

task<> read_some(batch& from) {
  while (!from.left.empty()) {
    rocksdb::FSReadRequest& asked = from.left.front();
    from.left = from.left.subspan(1);
    co_await read_one(*from.file, asked);
  }
}

task<> read_batch(batch from) {
  std::vector<join_handle<void>> readers;
  const std::size_t wanted = std::min(from.left.size(), in_flight_max);
  readers.reserve(wanted);
  std::exception_ptr failure;
  try {
    while (readers.size() < wanted) readers.push_back(carousel::spawn(read_some, std::ref(from)));
  } catch (...) {  // those that have begun do it all; if there is none, nobody does
    if (readers.empty()) throw;
  }
  for (join_handle<void>& reader : readers) {
    try {
      co_await std::move(reader);
    } catch (...) {
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

thread_ring* thread_ring::mine() noexcept {
  try {
    return carousel::thread_own<thread_ring>(make_ring).value_or(nullptr);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void thread_ring::read_all(const open_file& file, std::span<rocksdb::FSReadRequest> requests) {
  runtime_.block_on(read_batch({&file, requests}));
}

}  // namespace carousel_rocksdb
