// Registers a pool of buffers with the kernel and reads a file through one of them.

#include <cstdio>

// [snippet]
#include "carousel/carousel.hpp"

using namespace carousel;

task<> hello(const char* path) {
  auto pool = or_throw(fixed_buf_pool::make({{.capacity = 4096, .count = 8}}));
  or_throw(pool.register_buffers());
  file in = or_throw(co_await file::open(path));
  fixed_buf lease = or_throw(co_await pool.next(4096));
  auto [n, buf] = or_throw(co_await in.read_fixed_at(std::move(lease), 0));
  std::fwrite(buf.bytes().data(), 1, n, stdout);
}

int main(int argc, char** argv) try {
  start([&] { return hello(argc > 1 ? argv[1] : "/etc/hostname"); });
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
// [/snippet]
