// Prints a file: several reads are in flight at any time, and what they bring is printed in order.

#include <cstdint>
#include <cstdio>
#include <deque>

#include "carousel/carousel.hpp"

using namespace carousel;

namespace {

constexpr std::size_t chunk_bytes = 1U << 16U;
constexpr std::size_t reads_in_flight = 8;

using chunk = buf_result<std::size_t, fixed_buf>;

task<chunk> read_chunk(file in, fixed_buf into, std::uint64_t offset) {
  co_return co_await in.read_fixed_at(std::move(into), offset);
}

task<> cat(const char* path) {
  auto pool = or_throw(fixed_buf_pool::make({{.capacity = chunk_bytes, .count = reads_in_flight}}));
  or_throw(pool.register_buffers());
  const file in = or_throw(co_await file::open(path));
  const std::uint64_t size = or_throw(co_await in.info()).size;

  std::deque<join_handle<chunk>> reads;
  std::uint64_t next = 0;
  while (next < size || !reads.empty()) {
    for (; next < size && reads.size() < reads_in_flight; next += chunk_bytes) {
      reads.push_back(spawn(read_chunk(in, pool.try_next(chunk_bytes).value(), next)));
    }
    const auto [n, buf] = or_throw(co_await std::move(reads.front()));
    reads.pop_front();
    std::fwrite(buf.bytes().data(), 1, n, stdout);
    if (n < chunk_bytes) co_return;  // the end; the file may have shrunk since
  }
}

}  // namespace

int main(int argc, char** argv) {
  start([&] { return cat(argc > 1 ? argv[1] : "/etc/hostname"); });
}
