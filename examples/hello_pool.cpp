// Registers a pool of buffers with the kernel and reads a file through one of them.

#include <cstdio>

// [snippet]
#include "carousel/carousel.hpp"

using namespace carousel;

task<> hello(const char* path) {
  auto pool = fixed_buf_pool::make({{.capacity = 4096, .count = 8}}).value();
  pool.register_buffers().value();
  file in = (co_await file::open(path)).value();
  auto [res, buf] = co_await in.read_fixed_at(pool.try_next(4096).value(), 0);
  std::fwrite(buf.bytes().data(), 1, res.value(), stdout);
}

int main(int argc, char** argv) {
  start([&] { return hello(argc > 1 ? argv[1] : "/etc/hostname"); });
}
// [/snippet]
