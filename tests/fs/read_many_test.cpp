#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/bytes.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

// Many extents of one file, read by one call.

namespace carousel {
namespace {

using test::error_of;
using test::pipe_pair;
using test::run;
using test::temp_dir;
using test::text_of;

constexpr std::size_t block = 512;

std::vector<wanted_extent<fixed_buf>> extents(const fixed_buf_pool& pool, std::size_t count,
                                              std::uint64_t apart) {
  std::vector<wanted_extent<fixed_buf>> wanted;
  for (std::size_t i = 0; i < count; ++i)
    wanted.push_back({pool.try_next(block).value(), i * apart});
  return wanted;
}

/// Each offset has another beginning there.
std::string numbers(std::size_t bytes) {
  std::string text;
  for (int i = 0; text.size() < bytes; ++i) text += std::to_string(i) + " ";
  text.resize(bytes);
  return text;
}

task<file> a_file(const temp_dir& dir, const std::string& content) {
  auto opened = co_await file::open(dir.make("f", content));
  co_return std::move(opened).value();
}

TEST(read_many, gives_each_extent_its_own_bytes_in_the_order_in_which_they_were_asked_for) {
  const temp_dir dir;
  const std::string content = numbers(100 * block);
  const auto pool = fixed_buf_pool::make({{block, 100}}).value();
  run([&]() -> task<> {
    const file f = co_await a_file(dir, content);
    for (const std::size_t at_once : {1U, 7U, 200U}) {
      // They overlap by a half.
      const auto answers = co_await read_many(f, extents(pool, 100, block / 2), at_once);
      EXPECT_EQ(answers.size(), 100U);
      for (std::size_t i = 0; i < answers.size(); ++i) {
        EXPECT_EQ(answers[i].res.value(), block);
        EXPECT_EQ(text_of(answers[i].buf.bytes()), content.substr(i * block / 2, block));
      }
    }
  });
}

TEST(read_many, of_nothing_gives_nothing) {
  const temp_dir dir;
  run([&]() -> task<> {
    const file f = co_await a_file(dir, "x");
    const auto answers = co_await read_many(f, std::vector<wanted_extent<owned_bytes>>());
    EXPECT_TRUE(answers.empty());
  });
}

TEST(read_many, an_end_and_an_error_are_those_of_their_extent) {
  const temp_dir dir;
  const auto pool = fixed_buf_pool::make({{block, 4}}).value();
  run([&]() -> task<> {
    const file f = co_await a_file(dir, std::string(block + 100, 'x'));
    auto wanted = extents(pool, 4, block);
    wanted[2].offset = std::numeric_limits<std::uint64_t>::max();
    const auto answers = co_await read_many(f, std::move(wanted));
    EXPECT_EQ(answers[0].res.value(), block);
    EXPECT_EQ(answers[1].res.value(), 100U);
    EXPECT_EQ(error_of(answers[2].res), std::errc::invalid_argument);
    EXPECT_EQ(answers[2].buf.capacity(), block);
    EXPECT_EQ(answers[3].res.value(), 0U);
  });
}

TEST(read_many, a_request_to_stop_reaches_all_and_every_buffer_comes_back) {
  const pipe_pair silent;
  const auto pool = fixed_buf_pool::make({{block, 5}}).value();
  run([&]() -> task<> {
    const file from = silent.reader();
    std::vector<buf_result<std::size_t, fixed_buf>> answers;
    const auto ask = [&]() -> task<> {
      answers = co_await read_many(from, extents(pool, 5, 0), 3);
    };
    std::stop_source stop;
    auto asked = spawn([&]() -> task<> { (void)co_await stop_on(stop.get_token(), ask()); });
    for (int i = 0; i < 5; ++i) co_await yield();
    stop.request_stop();
    co_await std::move(asked);
    EXPECT_EQ(answers.size(), 5U);
    for (const auto& answer : answers) {
      EXPECT_EQ(error_of(answer.res), errc::canceled);
      EXPECT_EQ(answer.buf.capacity(), block);
    }
  });
}

TEST(read_many, that_is_destroyed_sends_its_leases_home) {
  const pipe_pair silent;
  const auto pool = fixed_buf_pool::make({{block, 3}}).value();
  run([&]() -> task<> {
    const file from = silent.reader();
    auto asked = spawn([&]() -> task<> {
      (void)co_await read_many(from, extents(pool, 3, 0), 2);
      ADD_FAILURE() << "nobody has written";
    });
    for (int i = 0; i < 5; ++i) co_await yield();
    EXPECT_FALSE(pool.try_next(block));
    asked.abort();
    std::vector<fixed_buf> home;
    for (int i = 0; i < 3; ++i) home.push_back((co_await pool.next(block)).value());
    EXPECT_EQ(home.size(), 3U);
  });
}

}  // namespace
}  // namespace carousel
