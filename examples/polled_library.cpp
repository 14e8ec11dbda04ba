// A library with a progress of its own, which goes on only while it is asked, beside a runtime:
// blocks of a file are read by the ring and sent by the library, and nobody waits inside of it.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <list>
#include <utility>
#include <vector>

#include "carousel/carousel.hpp"

using namespace carousel;

namespace {

/// Stands for that library. A request uses the memory that it was given until it is over.
class library {
 public:
  using request = std::size_t;

  request begin_sending(const void* /*data*/, std::size_t bytes) {
    bytes_ += bytes;
    left_.push_back(3);
    return left_.size() - 1;
  }
  bool is_over(request one) { return --left_[one] == 0; }
  [[nodiscard]] std::size_t sent() const { return bytes_; }

 private:
  std::vector<int> left_;  ///< how often each has to be asked about
  std::size_t bytes_ = 0;
};

// [snippet]
/// A request of the library, and the memory that it uses meanwhile.
struct on_its_way {
  library::request request;
  fixed_buf block;
};

struct traffic {
  library all;
  std::list<on_its_way> blocks;
  event changed;
  bool is_last = false;
};

struct last_block {
  traffic& of;
  ~last_block() {
    of.is_last = true;
    of.changed.set();
  }
};

/// The only task that asks: soon again while something happens, and seldom while nothing does.
task<> ask(traffic& of) {
  constexpr std::chrono::microseconds often(50);
  constexpr std::chrono::microseconds seldom(2000);
  auto pause = often;
  while (!of.is_last || !of.blocks.empty()) {
    of.changed.reset();
    const auto over =
        std::erase_if(of.blocks, [&](on_its_way& one) { return of.all.is_over(one.request); });
    pause = over != 0 ? often : std::min(2 * pause, seldom);
    (void)co_await timeout(pause, of.changed.wait());
  }
}

/// At most eight blocks are on their way: then next() waits for ask() to give one back.
task<> send_file(traffic& of, const char* path) {
  const last_block whatever_happens{of};
  const auto pool = or_throw(fixed_buf_pool::make({{.capacity = 4096, .count = 8}}));
  const file in = or_throw(co_await file::open(path));
  for (std::uint64_t offset = 0;;) {
    fixed_buf lease = or_throw(co_await pool.next(4096));
    auto [n, block] = or_throw(co_await in.read_at(std::move(lease), offset));
    if (n == 0) co_return;
    offset += n;
    const auto request = of.all.begin_sending(block.bytes().data(), n);
    of.blocks.push_back({request, std::move(block)});
    of.changed.set();
  }
}
// [/snippet]

task<> send(traffic& of, const char* path) {
  (void)co_await when_all(send_file(of, path), ask(of));
}

}  // namespace

int main(int argc, char** argv) try {
  traffic of;
  start([&] { return send(of, argc > 1 ? argv[1] : "/etc/hostname"); });
  std::printf("%zu bytes\n", of.all.sent());
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
