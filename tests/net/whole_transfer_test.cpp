#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "support/bytes.hpp"
#include "support/content.hpp"
#include "support/run.hpp"
#include "support/stream_ends.hpp"
#include "support/typed_streams.hpp"

// Reads and writes of streams that go on until all is through, when that takes several parts.

namespace carousel {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::chars_of;
using test::connect_both;
using test::error_of;
using test::much;
using test::owned;
using test::pattern;
using test::read_text;
using test::run;
using test::text_of;
using test::write_it;

template <class Stream>
class whole_transfer : public testing::Test {};
TYPED_TEST_SUITE(whole_transfer, test::stream_types, test::stream_names);

/// What ten bytes that were asked for have become.
struct ten_bytes {
  std::error_code error;
  std::string came;
};
template <class Stream>
task<ten_bytes> read_ten(Stream from) {
  const auto r = co_await from.read_exact(owned("", 10));
  co_return ten_bytes{error_of(r.res), std::string(text_of(r.buf.bytes()))};
}
template <class Stream>
task<> write_slowly(const Stream& to, const char* bytes) {
  EXPECT_EQ(co_await write_it(to, chars_of(bytes)), std::error_code{});
  for (int turns = 0; turns < 3; ++turns) co_await yield();
}

TYPED_TEST(whole_transfer, that_is_stopped_between_two_parts_has_the_first) {
  run([]() -> task<> {
    const auto ends = co_await connect_both<TypeParam>();
    EXPECT_EQ(co_await write_it(ends.there, chars_of("half")), std::error_code{});
    const auto r = co_await timeout(milliseconds(5), ends.here.read_exact(owned("", 10)));
    EXPECT_EQ(error_of(r.res), errc::timed_out);
    EXPECT_EQ(text_of(r.buf.bytes()), "half");
    EXPECT_EQ(co_await write_it(ends.there, chars_of("rest")), std::error_code{});
    EXPECT_EQ(co_await read_text(ends.here), "rest") << "nothing else was taken";
  });
}

TYPED_TEST(whole_transfer, that_is_stopped_when_a_part_comes_has_that_part) {
  run([]() -> task<> {
    const auto ends = co_await connect_both<TypeParam>();
    for (int i = 0; i < 50; ++i) {
      std::stop_source stop;
      auto reading = spawn([](TypeParam from, std::stop_token when) -> task<ten_bytes> {
        const auto r = co_await stop_on(when, from.read_exact(owned("", 10)));
        co_return ten_bytes{error_of(r.res), std::string(text_of(r.buf.bytes()))};
      }(ends.here, stop.get_token()));
      co_await yield();
      const auto written = co_await ends.there.write(chars_of("part"));
      EXPECT_EQ(written.res, 4U);
      for (int turns = i % 4; turns > 0; --turns) co_await yield();
      stop.request_stop();
      const ten_bytes got = co_await std::move(reading);
      EXPECT_EQ(got.error, errc::canceled);
      std::string all = got.came;
      if (all.empty()) {
        const auto left = co_await read_text(ends.here);
        all = left.value();
      }
      EXPECT_EQ(all, "part");
    }
  });
}

TYPED_TEST(whole_transfer, whose_socket_is_closed_between_two_parts_ends) {
  run([]() -> task<> {
    const auto ends = co_await connect_both<TypeParam>();
    TypeParam here = ends.here;
    auto reading = spawn(read_ten(ends.here));
    co_await write_slowly(ends.there, "half");
    const result<> closed = co_await timeout(hours(1), std::move(here).close());
    EXPECT_TRUE(closed);
    const ten_bytes got = co_await std::move(reading);
    EXPECT_EQ(got.error, errc::canceled);
    EXPECT_EQ(got.came, "half");
  });
}

TYPED_TEST(whole_transfer, that_is_destroyed_between_two_parts_leaves_the_rest) {
  run([]() -> task<> {
    fixed_buf_pool pool = fixed_buf_pool::make({{10, 1}}).value();
    const auto ends = co_await connect_both<TypeParam>();
    auto reading = spawn([](TypeParam from, fixed_buf lease) -> task<> {
      (void)co_await from.read_exact(std::move(lease));
    }(ends.here, pool.try_next(10).value()));
    co_await write_slowly(ends.there, "half");
    reading.abort();
    auto again = co_await pool.next(10);  // when the kernel has let go
    EXPECT_EQ(co_await write_it(ends.there, chars_of("other")), std::error_code{});
    const auto got = co_await ends.here.read(std::move(again).value());
    EXPECT_EQ(text_of(got.buf.bytes()), "other");
  });
}

TYPED_TEST(whole_transfer, goes_on_where_its_next_part_finds_the_queue_full) {
  auto narrow = runtime::make({.entries = 1});
  narrow->block_on([]() -> task<> {
    const auto ends = co_await connect_both<TypeParam>();
    const auto others = co_await connect_both<TypeParam>();
    auto one = spawn(read_ten(ends.here));
    auto other = spawn(read_ten(others.here));
    for (const char* part : {"01", "234", "5", "6789"}) {
      EXPECT_EQ(co_await write_it(ends.there, chars_of(part)), std::error_code{});
      EXPECT_EQ(co_await write_it(others.there, chars_of(part)), std::error_code{});
      co_await yield();
    }
    const ten_bytes first = co_await std::move(one);
    const ten_bytes second = co_await std::move(other);
    EXPECT_EQ(first.came, "0123456789");
    EXPECT_EQ(second.came, "0123456789");
  }());
}

TYPED_TEST(whole_transfer, of_a_write_that_is_stopped_is_no_success) {
  run([]() -> task<> {
    const auto ends = co_await connect_both<TypeParam>();
    const auto sent = co_await timeout(milliseconds(5), ends.here.write_all(pattern(much)));
    EXPECT_EQ(error_of(sent.res), errc::timed_out);
    EXPECT_EQ(sent.buf.size(), much);
  });
}

TYPED_TEST(whole_transfer, of_nothing_is_done_at_once) {
  run([]() -> task<> {
    const auto ends = co_await connect_both<TypeParam>();
    const auto got = co_await ends.here.read_exact(std::vector<char>());
    EXPECT_TRUE(got.res);
    const auto sent = co_await ends.here.write_all(std::vector<char>());
    EXPECT_TRUE(sent.res);
  });
}

}  // namespace
}  // namespace carousel
