// A file is read by a runtime, and each block given to a library of C that knows nothing of it.
// What it was given it frees in its own thread, when it likes, and so the lease goes home.

#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "carousel/carousel.hpp"

using namespace carousel;

namespace {

/// Stands for that library: it takes data with a function that frees it.
class engine {
 public:
  using free_function = void (*)(void* data, void* argument);

  void take(void* data, std::size_t bytes, free_function free, void* argument) {
    const std::lock_guard own(lock_);
    items_.push_back({data, bytes, free, argument});
    changed_.notify_one();
  }
  std::size_t finish() {
    take(nullptr, 0, nullptr, nullptr);
    thread_.join();
    return bytes_;
  }

 private:
  struct item {
    void* data;
    std::size_t bytes;
    free_function free;
    void* argument;
  };
  void work() {
    for (;;) {
      std::unique_lock own(lock_);
      changed_.wait(own, [this] { return !items_.empty(); });
      const item next = items_.front();
      items_.pop_front();
      own.unlock();
      if (next.data == nullptr) return;
      bytes_ += next.bytes;
      next.free(next.data, next.argument);
    }
  }

  std::mutex lock_;
  std::condition_variable changed_;
  std::deque<item> items_;
  std::size_t bytes_ = 0;
  std::jthread thread_{[this] { work(); }};
};

// [snippet]
/// At most eight blocks are with the engine: then next() waits for one to come home.
task<> feed(engine& to, const char* path) {
  const auto pool = or_throw(fixed_buf_pool::make({{.capacity = 4096, .count = 8}}));
  or_throw(pool.register_buffers());
  const file in = or_throw(co_await file::open(path));
  for (std::uint64_t offset = 0;;) {
    fixed_buf lease = or_throw(co_await pool.next(4096));
    auto [n, block] = or_throw(co_await in.read_fixed_at(std::move(lease), offset));
    if (n == 0) co_return;
    offset += n;
    handed_buf handed = std::move(block).hand_over();
    std::byte* const data = handed.bytes().data();
    to.take(data, n, &handed_buf::deleter::check_in, std::move(handed).release().argument());
  }
}
// [/snippet]

}  // namespace

int main(int argc, char** argv) try {
  engine to;
  const char* const path = argc > 1 ? argv[1] : "/etc/hostname";
  start([&] { return feed(to, path); });
  std::printf("%zu bytes\n", to.finish());
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
