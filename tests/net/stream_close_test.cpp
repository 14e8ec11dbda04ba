#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <cstddef>
#include <system_error>
#include <utility>
#include <vector>

#include "support/content.hpp"
#include "support/open_fds.hpp"
#include "support/run.hpp"
#include "support/stream_ends.hpp"
#include "support/typed_streams.hpp"

// How all streams end: TCP and Unix.

namespace carousel {
namespace {

using test::connect_both;
using test::much;
using test::open_fds;
using test::pattern;
using test::read_four;
using test::read_text;
using test::run;
using test::write_it;

template <class Stream>
class stream_close : public testing::Test {};
TYPED_TEST_SUITE(stream_close, test::stream_types, test::stream_names);

TYPED_TEST(stream_close, close_stops_what_is_in_flight_and_the_peer_sees_the_end) {
  const std::size_t before = open_fds();
  run([]() -> task<> {
    const auto ends = co_await connect_both<TypeParam>();
    TypeParam here = ends.here;
    auto reading = spawn(read_four(ends.here));
    auto second = spawn(read_four(ends.here));
    co_await yield();
    const result<> closed = co_await std::move(here).close();
    EXPECT_TRUE(closed);
    EXPECT_EQ(co_await std::move(reading), errc::canceled);
    EXPECT_EQ(co_await std::move(second), errc::canceled);
    EXPECT_EQ(ends.here.fd(), -1);
    EXPECT_EQ(co_await read_text(ends.there), "");
    EXPECT_EQ(co_await read_four(ends.here), std::errc::bad_file_descriptor);
  });
  EXPECT_EQ(open_fds(), before);
}

TYPED_TEST(stream_close, close_stops_a_write_that_nobody_reads) {
  run([]() -> task<> {
    const auto ends = co_await connect_both<TypeParam>();
    TypeParam here = ends.here;
    auto writing = spawn(write_it(ends.here, pattern(much)));
    for (int turns = 0; turns < 5; ++turns) co_await yield();
    const result<> closed = co_await std::move(here).close();
    EXPECT_TRUE(closed);
    EXPECT_EQ(co_await std::move(writing), errc::canceled);
  });
}

TYPED_TEST(stream_close, the_last_handle_closes_it) {
  const std::size_t before = open_fds();
  run([&]() -> task<> {
    auto ends = co_await connect_both<TypeParam>();
    {
      const TypeParam copy = ends.here;
      const TypeParam gone = std::move(ends.here);
      EXPECT_EQ(copy.fd(), gone.fd());
    }
    EXPECT_EQ(co_await read_text(ends.there), "");
  });
  EXPECT_EQ(open_fds(), before);
}

TYPED_TEST(stream_close, operations_of_one_that_was_moved_from_are_an_error_of_the_program) {
  EXPECT_DEATH(run([]() -> task<> {
                 auto ends = co_await connect_both<TypeParam>();
                 const TypeParam gone = std::move(ends.here);
                 (void)co_await ends.here.read(std::vector<char>(1));
               }),
               "this file, directory or socket was moved from or closed");
}

}  // namespace
}  // namespace carousel
