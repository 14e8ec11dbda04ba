#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>
#include <carousel/carousel.hpp>
#include <carousel/ext/operation.hpp>

#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <semaphore>
#include <system_error>
#include <thread>
#include <utility>

// What the kernel keeps of an operation that is done while nobody drives the runtime.

namespace carousel {
namespace {

constexpr int once_ms = 10'000;

struct borrowed_memory {
  char* data;
};
struct lends_memory {
  static void lend(const borrowed_memory&) noexcept {}
  static void unlend(const borrowed_memory&) noexcept {}
  static void describe(const borrowed_memory&, std::FILE*) {}
  static void quarantine(const borrowed_memory&) noexcept {}
};

/// Names a descriptor, which may be closed once the kernel has the request.
struct descriptor_read_call {
  int fd;
  using resources = borrowed_memory;
  using output = result<std::size_t>;
  using lends = lends_memory;
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_no_file;
  resources held;

  static ext::failure_code check(const ext::driver&) noexcept { return 0; }
  void encode(ext::driver&, ext::slot&, ext::request& r) const noexcept {
    r.code = ext::opcode::read;
    r.fd = fd;
    r.address = reinterpret_cast<std::uintptr_t>(held.data);
    r.length = 1;
  }
  static output complete(std::int32_t res, resources&, ext::slot&) noexcept {
    if (res < 0) return std::unexpected(ext::kernel_error(res));
    return static_cast<std::size_t>(res);
  }
  static output fail(std::error_code error, resources&&) noexcept { return std::unexpected(error); }
};

task<std::size_t> read_one(int fd, char* into) {
  const auto got = co_await ext::operation(descriptor_read_call{fd, {into}});
  co_return got.value_or(0);
}

/// In the kernel when it returns, and for whoever awaits it later.
task<> begin_read(int fd, char* into, std::optional<join_handle<std::size_t>>& begun) {
  begun = spawn(read_one, fd, into);
  co_await yield();
  co_await yield();
}

task<std::size_t> end_read(join_handle<std::size_t> begun) { co_return co_await std::move(begun); }

TEST(deferred_completions, off_lets_the_kernel_close_a_file_while_the_thread_sleeps) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  std::binary_semaphore in_flight(0);
  std::binary_semaphore seen(0);
  std::thread sleeper([&] {
    runtime rt = runtime::make({.defers_completions = false}).value();
    char byte = 0;
    std::optional<join_handle<std::size_t>> begun;
    rt.block_on(begin_read(ends[0], &byte, begun));
    ::close(ends[0]);
    in_flight.release();
    seen.acquire();
    EXPECT_EQ(rt.block_on(end_read(std::move(*begun))), 1U);
    EXPECT_EQ(byte, 'x');
  });
  in_flight.acquire();
  EXPECT_EQ(::write(ends[1], "x", 1), 1);
  pollfd writer{.fd = ends[1], .events = 0, .revents = 0};
  EXPECT_EQ(::poll(&writer, 1, once_ms), 1) << "the other end is still open";
  seen.release();
  sleeper.join();
  ::close(ends[1]);
}

}  // namespace
}  // namespace carousel
