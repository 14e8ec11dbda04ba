// Parts of the library are inlined here, with the flags of this program, and parts have those of
// the library: they must do the same with a buffer.

#include <carousel/carousel.hpp>

#include <cstddef>
#include <cstdio>
#include <utility>
#include <vector>

namespace {

using bytes = std::vector<std::byte>;

carousel::task<bool> reads_into_memory_that_comes_back() {
  std::vector<bytes> mine(2, bytes(4096));
  auto pool = carousel::fixed_buf_pool::from(std::move(mine)).value();
  const carousel::file zeros = (co_await carousel::file::open("/dev/zero")).value();
  for (int i = 0; i < 2; ++i) {
    auto [res, buf] = co_await zeros.read_at(pool.try_next(4096).value(), 0);
    if (res.value() != 4096 || buf.bytes()[4095] != std::byte{0}) co_return false;
  }
  std::vector<bytes> back = (co_await std::move(pool).close<bytes>()).value();
  for (bytes& b : back) b.assign(4096, std::byte{1});
  co_return back.size() == 2;
}

}  // namespace

int main() {
  std::printf("carousel %d.%d.%d\n", CAROUSEL_VERSION_MAJOR, CAROUSEL_VERSION_MINOR,
              CAROUSEL_VERSION_PATCH);
  return carousel::start([] { return reads_into_memory_that_comes_back(); }) ? 0 : 1;
}
