// A pool over the program's own memory: the buffers go in by from() and come back by close().

#include <cstdio>
#include <vector>

#include "carousel/carousel.hpp"

using namespace carousel;

namespace {

using bytes = std::vector<std::byte>;

task<> own_memory(const char* path) {
  std::vector<bytes> mine(4, bytes(4096));
  const std::byte* const first = mine.front().data();

  auto pool = or_throw(fixed_buf_pool::from(std::move(mine)));
  or_throw(pool.register_buffers());
  const file in = or_throw(co_await file::open(path));
  std::size_t total = 0;
  {
    fixed_buf lease = pool.try_next(4096).value();
    const auto [n, buf] = or_throw(co_await in.read_fixed_at(std::move(lease), 0));
    total = n;
  }  // the lease is back, so that close() can finish

  const std::vector<bytes> back = or_throw(co_await std::move(pool).close<bytes>());
  std::printf("%zu bytes were read; %zu buffers came back, the first one %s\n", total, back.size(),
              back.front().data() == first ? "unmoved" : "elsewhere");
}

}  // namespace

int main(int argc, char** argv) {
  start([&] { return own_memory(argc > 1 ? argv[1] : "/etc/hostname"); });
}
