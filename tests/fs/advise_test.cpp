#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <carousel/carousel.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <utility>

#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

// file::advise() tells the kernel what posix_fadvise(2) does.

namespace carousel {
namespace {

using test::error_of;
using test::run;
using test::temp_dir;

constexpr std::size_t part = 1U << 22U;  // the page cache drops what it has in one piece as a whole

task<file> open(std::filesystem::path path, open_options how = {}) {
  co_return (co_await file::open(path, how)).value();
}

/// What a read would find without the disk. A read that does not wait might bring it there.
bool is_cached(const file& f, std::size_t at) {
  void* const page = mmap(nullptr, 1, PROT_READ, MAP_SHARED, f.fd(), static_cast<off_t>(at));
  EXPECT_NE(page, MAP_FAILED);
  unsigned char state = 0;
  EXPECT_EQ(mincore(page, 1, &state), 0);
  munmap(page, 1);
  return (state & 1U) != 0;
}

bool is_in_memory_only(const std::filesystem::path& path) {
  struct statfs about{};
  return statfs(path.c_str(), &about) == 0 && about.f_type == TMPFS_MAGIC;
}

TEST(advise, what_is_not_needed_leaves_the_page_cache_and_nothing_else_does) {
  const temp_dir dir;
  if (is_in_memory_only(dir.path())) GTEST_SKIP() << "a file system without a disk";
  const auto path = dir.make("f", std::string(3 * part, 'x'));
  run([&]() -> task<> {
    const file f = co_await open(path, open_options{}.read(true).write(true));
    const result<> synced = co_await f.sync_all();
    EXPECT_EQ(error_of(synced), std::error_code{});
    const result<> dropped = co_await f.advise(file_advice::dont_need, part, part);
    EXPECT_EQ(error_of(dropped), std::error_code{});
    EXPECT_TRUE(is_cached(f, 0));
    EXPECT_FALSE(is_cached(f, part + part / 2));
    EXPECT_TRUE(is_cached(f, 2 * part + part / 2));
    const result<> the_rest = co_await f.advise(file_advice::dont_need);
    EXPECT_EQ(error_of(the_rest), std::error_code{});
    EXPECT_FALSE(is_cached(f, 0));
    EXPECT_FALSE(is_cached(f, 2 * part + part / 2));
  });
}

TEST(advise, takes_every_advice) {
  const temp_dir dir;
  const auto path = dir.make("f", "text");
  run([&]() -> task<> {
    const file f = co_await open(path);
    for (const file_advice use :
         {file_advice::normal, file_advice::random, file_advice::sequential, file_advice::will_need,
          file_advice::dont_need, file_advice::no_reuse}) {
      const result<> said = co_await f.advise(use, 0, 4);
      EXPECT_EQ(error_of(said), std::error_code{});
    }
    const result<> wide = co_await f.advise(file_advice::will_need, 0, std::uint64_t{5} << 30U);
    EXPECT_TRUE(wide || wide.error() == std::errc::invalid_argument);  // of an older kernel
  });
}

TEST(advise, a_file_without_a_descriptor_takes_it_too) {
  const temp_dir dir;
  const auto path = dir.make("f", "text");
  run([&]() -> task<> {
    const file f = co_await open(path, open_options{}.ring_only(true));
    const result<> said = co_await f.advise(file_advice::sequential);
    EXPECT_EQ(error_of(said), std::error_code{});
  });
}

TEST(advise, names_what_is_wrong) {
  const temp_dir dir;
  const auto path = dir.make("f", "text");
  const test::pipe_pair pipe;
  run([&]() -> task<> {
    const result<> of_a_pipe = co_await pipe.reader().advise(file_advice::will_need);
    EXPECT_EQ(error_of(of_a_pipe), std::errc::invalid_seek);
    file f = co_await open(path);
    const result<> beyond = co_await f.advise(file_advice::will_need, std::uint64_t{1} << 63U);
    EXPECT_EQ(error_of(beyond), std::errc::invalid_argument);
    const file other = f;
    const result<> closed = co_await std::move(f).close();
    EXPECT_EQ(error_of(closed), std::error_code{});
    const result<> after = co_await other.advise(file_advice::will_need);
    EXPECT_EQ(error_of(after), std::errc::bad_file_descriptor);
  });
}

TEST(advise, one_that_is_destroyed_or_stopped_in_flight_leaves_nothing_behind) {
  const temp_dir dir;
  const auto path = dir.make("f", std::string(part, 'x'));
  run([&]() -> task<> {
    const file f = co_await open(path);
    for (int turns = 0; turns < 3; ++turns) {
      auto advising =
          spawn([](file of) -> task<> { (void)co_await of.advise(file_advice::will_need); }(f));
      for (int i = 0; i < turns; ++i) co_await yield();
      advising.abort();
      std::stop_source stop;
      auto stopped = spawn([](file of, std::stop_token token) -> task<std::error_code> {
        const result<> said = co_await stop_on(token, of.advise(file_advice::will_need));
        co_return error_of(said);
      }(f, stop.get_token()));
      for (int i = 0; i < turns; ++i) co_await yield();
      stop.request_stop();
      const std::error_code how = co_await std::move(stopped);
      EXPECT_TRUE(!how || how == errc::canceled) << how.message();
    }
    file last = f;
    const result<> closed = co_await std::move(last).close();
    EXPECT_EQ(error_of(closed), std::error_code{});
  });
}

TEST(advise, one_that_is_stopped_before_it_begins_is_not_given) {
  const temp_dir dir;
  const auto path = dir.make("f", "text");
  run([&]() -> task<> {
    const file f = co_await open(path);
    std::stop_source stop;
    stop.request_stop();
    const result<> said = co_await stop_on(stop.get_token(), f.advise(file_advice::will_need));
    EXPECT_EQ(error_of(said), errc::canceled);
  });
}

}  // namespace
}  // namespace carousel
