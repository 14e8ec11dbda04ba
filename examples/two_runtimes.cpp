// Two threads with a runtime each: one reads a file and sends its blocks through a channel, the
// other sums them up. A third thread, without a runtime, asks for the sum.

#include <cstdint>
#include <cstdio>
#include <stop_token>
#include <thread>
#include <utility>

#include "carousel/carousel.hpp"

using namespace carousel;

namespace {

constexpr std::size_t block_bytes = 4096;
constexpr std::size_t blocks_under_way = 8;

task<result<>> read_blocks(const char* path, remote_channel<owned_bytes> to) {
  const auto opened = co_await file::open(path);
  if (!opened) co_return std::unexpected(opened.error());
  for (std::uint64_t offset = 0;;) {
    auto [res, block] = co_await opened->read_at(owned_bytes::with_capacity(block_bytes), offset);
    if (!res) co_return std::unexpected(res.error());
    if (*res == 0) co_return {};
    offset += *res;
    const auto sent = co_await to.send(std::move(block));
    if (!sent.res) co_return std::unexpected(sent.res.error());
  }
}

task<std::uint64_t> sum_up(remote_channel<owned_bytes> from) {
  std::uint64_t sum = 0;
  for (;;) {
    const auto block = co_await from.receive();
    if (!block) co_return sum;  // the channel is closed, and empty
    for (const std::byte b : block->bytes()) sum += std::to_integer<std::uint64_t>(b);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const char* const path = argc > 1 ? argv[1] : "/etc/hostname";
  const remote_channel<owned_bytes> blocks(blocks_under_way);

  const remote_channel<remote_runtime> made(1);  // the second runtime, for those who will ask it
  const std::jthread adder([&](const std::stop_token& over) {
    start([&]() -> task<> {
      (void)made.try_send(remote_runtime::current());
      event never;
      (void)co_await stop_on(over, never.wait());  // until main() ends
    });
  });

  const result<> read = start([&]() -> task<result<>> {
    const auto there = co_await made.receive();
    const std::jthread asker([&] {
      auto sum = there->spawn([&] { return sum_up(blocks); });
      std::printf("%llu\n", static_cast<unsigned long long>(sum.get()));
    });
    const auto done = co_await read_blocks(path, blocks);
    blocks.close();
    co_return done;
  });
  if (!read) std::printf("%s: %s\n", path, read.error().message().c_str());
  return read ? 0 : 1;
}
