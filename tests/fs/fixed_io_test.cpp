#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <array>
#include <string_view>

#include "support/content.hpp"
#include "support/open_both.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

// Transfers with leases of a registered collection.

namespace carousel {
namespace {

using test::bytes_of;
using test::content_of;
using test::error_of;
using test::pipe_pair;
using test::run;
using test::temp_dir;
using test::text_of;

constexpr std::size_t capacity = 4096;

fixed_buf_pool pool_of(std::uint32_t count) {
  return fixed_buf_pool::make({{capacity, count}}).value();
}

fixed_buf lease_with(const fixed_buf_pool& pool, std::string_view text) {
  fixed_buf lease = pool.try_next(capacity).value();
  lease.append(bytes_of(text));
  return lease;
}

TEST(fixed_io, a_read_fills_the_capacity_of_a_lease) {
  const temp_dir dir;
  run([&]() -> task<> {
    const auto pool = pool_of(1);
    EXPECT_TRUE(pool.register_buffers());
    const file f = co_await test::open_both(dir.make("f", std::string(5000, 'x')));
    auto full = co_await f.read_fixed_at(lease_with(pool, "old"), 0);
    EXPECT_EQ(full.res, capacity);
    EXPECT_EQ(text_of(full.buf.bytes()), std::string(capacity, 'x'));
    const auto rest = co_await f.read_fixed_at(std::move(full.buf), capacity);
    EXPECT_EQ(rest.res, 5000 - capacity);
    EXPECT_EQ(rest.buf.size(), 5000 - capacity);
  });
}

TEST(fixed_io, an_exact_read_tells_how_much_came_before_the_end) {
  const temp_dir dir;
  run([&]() -> task<> {
    const auto pool = pool_of(1);
    EXPECT_TRUE(pool.register_buffers());
    const file f = co_await test::open_both(dir.make("f", std::string(5000, 'x')));
    auto whole = co_await f.read_exact_fixed_at(lease_with(pool, ""), 100);
    EXPECT_EQ(error_of(whole.res), std::error_code{});
    EXPECT_EQ(whole.buf.size(), capacity);
    const auto partial = co_await f.read_exact_fixed_at(std::move(whole.buf), 4990);
    EXPECT_EQ(error_of(partial.res), errc::end_of_file);
    EXPECT_EQ(text_of(partial.buf.bytes()), "xxxxxxxxxx");
  });
}

TEST(fixed_io, a_write_sends_the_fill_of_a_lease) {
  const temp_dir dir;
  const auto path = dir.make("f", "");
  run([&]() -> task<> {
    const auto pool = pool_of(1);
    EXPECT_TRUE(pool.register_buffers());
    const file f = co_await test::open_both(path);
    auto one = co_await f.write_fixed_at(lease_with(pool, "0123456789"), 0);
    EXPECT_EQ(one.res, 10U);
    EXPECT_EQ(text_of(one.buf.bytes()), "0123456789");
    const auto all = co_await f.write_all_fixed_at(std::move(one.buf), 8);
    EXPECT_EQ(error_of(all.res), std::error_code{});
  });
  EXPECT_EQ(content_of(path), "012345670123456789");
}

TEST(fixed_io, the_deprecated_name_of_write_all_fixed_at_does_the_same) {
  const temp_dir dir;
  const auto path = dir.make("f", "");
  run([&]() -> task<> {
    const auto pool = pool_of(1);
    EXPECT_TRUE(pool.register_buffers());
    const file f = co_await test::open_both(path);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    auto write = f.write_fixed_all_at(lease_with(pool, "0123456789"), 2);
#pragma GCC diagnostic pop
    EXPECT_EQ(error_of((co_await std::move(write)).res), std::error_code{});
  });
  EXPECT_EQ(content_of(path), std::string("\0\0", 2) + "0123456789");
}

TEST(fixed_io, a_slice_of_a_lease_is_read_and_written_in_place) {
  const temp_dir dir;
  const auto path = dir.make("f", "0123456789");
  run([&]() -> task<> {
    const auto pool = pool_of(2);
    EXPECT_TRUE(pool.register_buffers());
    const file f = co_await test::open_both(path);
    auto read = co_await f.read_fixed_at(lease_with(pool, "abcdef").slice(2, 5), 0);
    EXPECT_EQ(read.res, 3U);
    fixed_buf lease = std::move(read.buf).into_inner();
    EXPECT_EQ(text_of(lease.bytes()), "ab012");
    auto exact = co_await f.read_exact_fixed_at(std::move(lease).slice(5), 8);
    EXPECT_EQ(error_of(exact.res), errc::end_of_file);
    lease = std::move(exact.buf).into_inner();
    EXPECT_EQ(text_of(lease.bytes()), "ab01289");
    auto write = co_await f.write_fixed_at(std::move(lease).slice(1, 3), 10);
    EXPECT_EQ(write.res, 2U);
    lease = std::move(write.buf).into_inner();
    const auto tail = co_await f.write_all_fixed_at(std::move(lease).slice(5, 100), 12);
    EXPECT_EQ(error_of(tail.res), std::error_code{});
  });
  EXPECT_EQ(content_of(path), "0123456789b089");
}

// The fake kernel fails this where the request names a registered buffer.
TEST(fixed_io, a_transfer_of_no_bytes_names_no_registered_buffer) {
  const temp_dir dir;
  run([&]() -> task<> {
    const auto pool = pool_of(1);
    EXPECT_TRUE(pool.register_buffers());
    const file f = co_await test::open_both(dir.make("f", "some bytes"));
    auto written = co_await f.write_fixed_at(pool.try_next(capacity).value(), 0);
    EXPECT_EQ(written.res, 0U);
    auto end = co_await f.read_fixed_at(std::move(written.buf).slice(0, 0), 0);
    EXPECT_EQ(end.res, 0U);
    auto begin = co_await f.write_fixed_at(std::move(end.buf).into_inner().slice(0, 0), 3);
    EXPECT_EQ(begin.res, 0U);
    EXPECT_EQ(content_of(dir.path() / "f"), "some bytes");
  });
}

TEST(fixed_io, only_works_while_registered) {
  const temp_dir dir;
  run([&]() -> task<> {
    const auto pool = pool_of(1);
    const file f = co_await test::open_both(dir.make("f", "0123456789"));
    auto before = co_await f.read_fixed_at(lease_with(pool, "old"), 0);
    EXPECT_EQ(error_of(before.res), errc::not_registered);
    EXPECT_EQ(text_of(before.buf.bytes()), "old");

    EXPECT_TRUE(pool.register_buffers());
    auto during = co_await f.read_fixed_at(std::move(before.buf), 4);
    EXPECT_EQ(during.res, 6U);

    EXPECT_TRUE(pool.unregister_buffers());
    auto after = co_await f.write_all_fixed_at(std::move(during.buf), 0);
    EXPECT_EQ(error_of(after.res), errc::not_registered);
    EXPECT_EQ(text_of(after.buf.bytes()), "456789");
    auto sliced = co_await f.read_fixed_at(std::move(after.buf).slice(1), 0);
    EXPECT_EQ(error_of(sliced.res), errc::not_registered);

    EXPECT_TRUE(pool.register_buffers());
    auto again = co_await f.read_fixed_at(std::move(sliced.buf), 8);
    EXPECT_EQ(again.res, 2U);
    const fixed_buf lease = std::move(again.buf).into_inner();
    EXPECT_EQ(text_of(lease.bytes()), "489");
  });
}

TEST(fixed_io, an_unregistered_lease_is_a_plain_buffer) {
  const temp_dir dir;
  const auto path = dir.make("f", "0123456789");
  run([&]() -> task<> {
    const auto pool = pool_of(1);
    const file f = co_await test::open_both(path);
    auto read = co_await f.read_at(lease_with(pool, ""), 5);
    EXPECT_EQ(read.res, 5U);
    const auto written = co_await f.write_all_at(std::move(read.buf), 0);
    EXPECT_EQ(error_of(written.res), std::error_code{});
  });
  EXPECT_EQ(content_of(path), "5678956789");
}

TEST(fixed_io, in_another_runtime_of_the_thread_is_wrong_runtime) {
  const temp_dir dir;
  const auto path = dir.make("f", "0123456789");
  const auto pool = pool_of(1);
  runtime a = runtime::make().value();
  runtime b = runtime::make().value();
  const auto read = [&](fixed_buf lease) -> task<buf_result<std::size_t, fixed_buf>> {
    const file f = co_await test::open_both(path);
    co_return co_await f.read_fixed_at(std::move(lease), 0);
  };
  a.block_on([&]() -> task<> {
    EXPECT_TRUE(pool.register_buffers());
    co_return;
  }());
  auto refused = b.block_on(read(lease_with(pool, "old")));
  EXPECT_EQ(error_of(refused.res), errc::wrong_runtime);
  EXPECT_EQ(text_of(refused.buf.bytes()), "old");
  const auto done = a.block_on(read(std::move(refused.buf)));
  EXPECT_EQ(done.res, 10U);
}

TEST(fixed_io, unregistering_does_not_wait_for_a_read_in_flight) {
  run([]() -> task<> {
    const pipe_pair pipe;
    const auto pool = pool_of(1);
    const auto next = pool_of(1);
    EXPECT_TRUE(pool.register_buffers());
    if (pool.registered() != registration::fixed) co_return;  // the kernel holds nothing
    auto reading = spawn(
        [](file from, fixed_buf into) -> task<std::string> {
          const auto [res, buf] = co_await from.read_fixed(std::move(into));
          EXPECT_EQ(error_of(res), std::error_code{});
          co_return text_of(buf.bytes());
        },
        pipe.reader(), lease_with(pool, ""));
    for (int turns = 0; turns < 3; ++turns) co_await yield();
    EXPECT_TRUE(pool.unregister_buffers());
    EXPECT_FALSE(reading.done());
    EXPECT_EQ(error_of(next.register_buffers()), errc::busy);
    pipe.put("late");
    EXPECT_EQ(co_await std::move(reading), "late");
    co_await yield();
    EXPECT_TRUE(next.register_buffers());
  });
}

TEST(fixed_io, a_pipe_is_read_and_written_at_its_current_position) {
  run([]() -> task<> {
    const pipe_pair pipe;
    const file reader = pipe.reader();
    const file writer = pipe.writer();
    const auto pool = pool_of(2);
    EXPECT_TRUE(pool.register_buffers());
    auto first = co_await writer.write_fixed(lease_with(pool, "one "));
    EXPECT_EQ(first.res, 4U);
    auto second = co_await writer.write_fixed(std::move(first.buf).slice(0, 3));
    EXPECT_EQ(second.res, 3U);
    auto read = co_await reader.read_fixed(lease_with(pool, "").slice(0, 5));
    EXPECT_EQ(read.res, 5U);
    fixed_buf lease = std::move(read.buf).into_inner();
    EXPECT_EQ(text_of(lease.bytes()), "one o");
    const auto rest = co_await reader.read_fixed(std::move(lease));
    EXPECT_EQ(text_of(rest.buf.bytes()), "ne");
  });
}

TEST(fixed_io, a_file_is_read_and_written_at_its_current_position) {
  const temp_dir dir;
  const auto path = dir.make("f", "0123456789");
  run([&]() -> task<> {
    const auto pool = pool_of(1);
    EXPECT_TRUE(pool.register_buffers());
    const file f = co_await test::open_both(path);
    auto read = co_await f.read_fixed(lease_with(pool, "").slice(0, 4));
    EXPECT_EQ(read.res, 4U);
    const auto written = co_await f.write_fixed(std::move(read.buf));
    EXPECT_EQ(written.res, 4U);
  });
  EXPECT_EQ(content_of(path), "0123012389");
}

TEST(fixed_io, a_broken_pipe_is_an_error_and_no_signal) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  ::close(ends[0]);
  run([&]() -> task<> {
    const file writer = file::from_fd(ends[1]);
    const auto pool = pool_of(1);
    EXPECT_TRUE(pool.register_buffers());
    const auto fixed = co_await writer.write_fixed(lease_with(pool, "text"));
    EXPECT_EQ(error_of(fixed.res), std::errc::broken_pipe);
    EXPECT_EQ(text_of(fixed.buf.bytes()), "text");
    const auto plain = co_await writer.write(test::chars_of("text"));
    EXPECT_EQ(error_of(plain.res), std::errc::broken_pipe);
  });
}

}  // namespace
}  // namespace carousel
