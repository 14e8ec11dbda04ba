#include "async_reader.hpp"

#include <future>
#include <utility>

#include "fork_count.hpp"

namespace carousel_rocksdb {

namespace {

using carousel::event;
using carousel::remote_runtime;
using carousel::result;
using carousel::runtime;
using carousel::task;

struct begun_loop {
  remote_runtime handle;
  event* closing;
};

task<> until(event& closing) { (void)co_await closing.wait(); }

/// The whole life of the thread. Reads that were posted before `closing` was set have ended by
/// then, as each keeps the reader.
void turn(std::promise<result<begun_loop>>& begun) {
  result<runtime> loop = runtime::make();
  if (!loop) {
    begun.set_value(std::unexpected(loop.error()));
    return;
  }
  event closing;
  try {
    begun.set_value(begun_loop{loop->remote(), &closing});
  } catch (...) {
    begun.set_exception(std::current_exception());
    return;
  }
  loop->block_on(until(closing));
}

}  // namespace

async_reader::async_reader() : forks_(fork_count()) {}

result<std::shared_ptr<async_reader>> async_reader::start() {
  std::shared_ptr<async_reader> made(new async_reader);
  auto begun = std::make_shared<std::promise<result<begun_loop>>>();
  made->thread_ = std::make_unique<std::thread>([begun] { turn(*begun); });
  result<begun_loop> loop = begun->get_future().get();
  if (!loop) return std::unexpected(loop.error());
  made->loop_ = std::move(loop->handle);
  made->closing_ = loop->closing;
  return made;
}

async_reader::~async_reader() {
  if (!thread_) return;
  if (!lives_here()) {
    (void)thread_.release();  // there is no such thread to wait for
    return;
  }
  if (closing_ != nullptr) loop_.post([closing = closing_] { closing->set(); });
  thread_->join();
}

bool async_reader::lives_here() const noexcept { return forks_ == fork_count(); }

std::unique_ptr<async_read> async_reader::begin(std::shared_ptr<const open_file> file,
                                                const rocksdb::FSReadRequest& asked,
                                                read_callback call, void* argument) {
  if (!lives_here()) return nullptr;
  if (in_flight_.fetch_add(1, std::memory_order_relaxed) >= in_flight_max) {
    ended();
    return nullptr;
  }
  std::unique_ptr<async_read> made;
  try {
    made = std::make_unique<async_read>(shared_from_this(), std::move(file), asked, std::move(call),
                                        argument);
  } catch (...) {
    ended();
    throw;
  }
  async_read* const read = made.get();
  loop_.post([read] {
    try {
      carousel::spawn([read] { return read->perform(); }).detach();
    } catch (const std::bad_alloc&) {
      read->refuse(rocksdb::IOStatus::Busy("no memory for a read in advance"));
    }
  });
  return made;
}

}  // namespace carousel_rocksdb
