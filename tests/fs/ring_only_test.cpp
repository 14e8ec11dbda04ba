#include <gtest/gtest.h>
#include <sys/resource.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "fake/kernel.hpp"
#include "loop/runtime_access.hpp"
#include "support/close_error.hpp"
#include "support/content.hpp"
#include "support/in_child.hpp"
#include "support/open_fds.hpp"
#include "support/run.hpp"
#include "support/small.hpp"
#include "support/temp_dir.hpp"

// Files that are in the ring only: open_options::ring_only.

namespace carousel {
namespace {

using test::close_error;
using test::content_of;
using test::error_of;
using test::open_fds;
using test::run;
using test::small;
using test::temp_dir;

constexpr unsigned table_entries = 1024;

open_options ring_only() { return open_options{}.read(true).write(true).ring_only(true); }

task<file> open_there(std::filesystem::path path, open_options options = ring_only()) {
  auto opened = co_await file::open(path, options);
  co_return std::move(opened).value();
}

task<std::error_code> read_one(file from) {
  const auto r = co_await from.read_at(std::vector<char>(1), 0);
  co_return error_of(r.res);
}

TEST(ring_only, has_no_descriptor_and_does_what_files_do) {
  const temp_dir dir;
  const auto path = dir.make("f", "some text");
  run([&]() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    EXPECT_TRUE(pool.register_buffers());
    const std::size_t before = open_fds();
    const file f = co_await open_there(path);
    EXPECT_EQ(f.fd(), -1);
    EXPECT_EQ(open_fds(), before);
    const auto read = co_await f.read_at(std::vector<char>(4), 5);
    EXPECT_EQ(test::text_of(std::as_bytes(std::span(read.buf))), "text");
    const auto fixed = co_await f.read_fixed_at(pool.try_next(small).value(), 0);
    EXPECT_EQ(test::text_of(fixed.buf.bytes()), "some text");
    const auto written = co_await f.write_all_at(test::chars_of("more"), 0);
    EXPECT_EQ(error_of(written.res), std::error_code{});
    const result<> synced = co_await f.sync_all();
    EXPECT_EQ(error_of(synced), std::error_code{});
    const result<> longer = co_await f.allocate(0, 100);
    EXPECT_EQ(error_of(longer), std::error_code{});
    const result<> cut = co_await f.truncate(6);
    EXPECT_EQ(content_of(path).substr(0, 6), "more t");
    EXPECT_EQ(content_of(path).size(), error_of(cut) == errc::not_supported ? 100U : 6U);
    const auto info = co_await f.info();
    EXPECT_EQ(error_of(info), errc::not_supported);
  });
}

TEST(ring_only, keeps_the_other_options) {
  const temp_dir dir;
  run([&]() -> task<> {
    const auto options = ring_only().create_new(true).no_symlinks(true).mode(0600);
    {
      const file made = co_await open_there(dir.path() / "made", options);
      EXPECT_EQ(made.fd(), -1);
    }
    EXPECT_EQ(std::filesystem::status(dir.path() / "made").permissions(),
              std::filesystem::perms(0600));
    const auto again = co_await file::open(dir.path() / "made", options);
    EXPECT_EQ(error_of(again), std::errc::file_exists);
    auto below = co_await directory::open(dir.path(), open_options{}.ring_only(true));
    EXPECT_GE(below.value().fd(), 0);
    const auto there = co_await below->open_file("made", ring_only());
    EXPECT_EQ(there.value().fd(), -1);
    const auto missing = co_await below->open_file("none", ring_only());
    EXPECT_EQ(error_of(missing), std::errc::no_such_file_or_directory);
  });
}

TEST(ring_only, a_file_for_direct_io_has_a_descriptor) {
  const temp_dir dir;
  const auto path = dir.make("f", "some text");
  run([&]() -> task<> {
    const auto opened = co_await file::open(path, ring_only().direct(true));
    if (error_of(opened) == std::errc::invalid_argument) co_return;  // on this file system
    EXPECT_GE(opened.value().fd(), 0);
  });
}

TEST(ring_only, a_closed_or_destroyed_file_gives_its_entry_back) {
  const temp_dir dir;
  const auto path = dir.make("f", "text");
  run([&]() -> task<> {
    for (unsigned i = 0; i < table_entries + 10; ++i) {
      const file closed = co_await open_there(path);
      EXPECT_EQ(closed.fd(), -1);
      EXPECT_EQ(co_await close_error(closed), std::error_code{});
      EXPECT_EQ(co_await read_one(closed), std::errc::bad_file_descriptor);
      EXPECT_EQ(co_await close_error(closed), std::errc::bad_file_descriptor);
      const file destroyed = co_await open_there(path);
      EXPECT_EQ(destroyed.fd(), -1);
    }
  });
}

TEST(ring_only, an_open_that_fails_or_is_abandoned_gives_its_entry_back) {
  const temp_dir dir;
  const auto path = dir.make("f", "text");
  run([&]() -> task<> {
    for (unsigned i = 0; i < table_entries + 10; ++i) {
      const auto none = co_await file::open(dir.path() / "none", ring_only());
      EXPECT_EQ(error_of(none), std::errc::no_such_file_or_directory);
      auto opening = spawn(open_there(path));
      co_await yield();
      opening.abort();
    }
    const file f = co_await open_there(path);
    EXPECT_EQ(f.fd(), -1);
  });
}

TEST(ring_only, opens_and_closes_that_nobody_waits_for_leave_nothing_behind) {
  const temp_dir dir;
  const auto path = dir.make("f", "text");
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    // It ends the test when a file is left in its table, or opened over another.
    const fake::kernel_options options{.seed = seed,
                                       .async = 1000,
                                       .delay_max = std::chrono::microseconds(20),
                                       .turn_max = std::chrono::microseconds(40),
                                       .cancel_restarts = 500,
                                       .closed_world = true};
    runtime rt = detail::runtime_access::make(std::make_unique<fake::kernel>(options), {}).value();
    rt.block_on([](std::filesystem::path there, std::uint64_t turns) -> task<> {
      for (int i = 0; i < 8; ++i) {
        auto opening = spawn(open_there(there));
        auto closing = spawn(close_error(co_await open_there(there)));
        for (auto n = turns % 4; n > 0; --n) co_await yield();
        opening.abort();
        closing.abort();
      }
    }(path, seed));
    EXPECT_TRUE(rt.shutdown(std::chrono::seconds(5)));
  }
}

TEST(ring_only, a_full_table_makes_descriptors) {
  const temp_dir dir;
  const auto path = dir.make("f", "text");
  run([&]() -> task<> {
    std::vector<file> all;
    for (unsigned i = 0; i < table_entries; ++i) all.push_back(co_await open_there(path));
    const file one_more = co_await open_there(path);
    EXPECT_EQ(all.back().fd(), -1);
    EXPECT_GE(one_more.fd(), 0);
    EXPECT_EQ(co_await read_one(all.front()), std::error_code{});
    EXPECT_EQ(co_await read_one(one_more), std::error_code{});
  });
}

TEST(ring_only, close_waits_for_operations_in_flight) {
  const temp_dir dir;
  const auto path = dir.path() / "fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  run([&]() -> task<> {
    const file end = co_await open_there(path);
    const std::size_t before = open_fds();
    auto reading = spawn([](file from) -> task<std::size_t> {
      const auto r = co_await from.read(std::vector<char>(4));
      co_return r.res.value();
    }(end));
    co_await yield();
    auto closing = spawn(close_error(end));
    for (int turns = 0; turns < 5; ++turns) co_await yield();
    EXPECT_FALSE(closing.done());
    const file other = co_await open_there(path);
    const auto written = co_await other.write(test::chars_of("data"));
    EXPECT_EQ(written.res, 4U);
    EXPECT_EQ(co_await std::move(reading), 4U);
    EXPECT_EQ(co_await std::move(closing), std::error_code{});
    EXPECT_EQ(open_fds(), before);
  });
}

TEST(ring_only, belongs_to_its_runtime) {
  const temp_dir dir;
  const auto path = dir.make("f", "text");
  std::optional<runtime> mine = test::make_runtime().value();
  runtime other = test::make_runtime().value();
  const file f = mine->block_on(open_there(path));
  EXPECT_EQ(other.block_on(read_one(f)), errc::wrong_runtime);
  EXPECT_EQ(mine->block_on(read_one(f)), std::error_code{});
  {
    const file second = mine->block_on(open_there(path));
    EXPECT_EQ(other.block_on(close_error(second)), errc::wrong_runtime);
    EXPECT_EQ(mine->block_on(close_error(second)), std::error_code{});
  }
  mine.reset();
  EXPECT_EQ(other.block_on(read_one(f)), errc::wrong_runtime);
  EXPECT_EQ(other.block_on(close_error(f)), errc::wrong_runtime);
  runtime third = test::make_runtime().value();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(third.block_on(read_one(f)), errc::wrong_runtime);
}

TEST(ring_only, a_ring_without_a_table_makes_descriptors) {
  const temp_dir dir;
  const auto path = dir.make("f", "text");
  const test::child_end child = test::in_child([&] {
    const rlimit few{.rlim_cur = table_entries / 2, .rlim_max = table_entries / 2};
    if (::setrlimit(RLIMIT_NOFILE, &few) != 0) return 1;
    return run([&]() -> task<int> {
      const file f = co_await open_there(path);
      const std::error_code error = co_await read_one(f);
      co_return f.fd() >= 0 && !error ? 0 : 2;
    });
  });
  EXPECT_EQ(child.code, 0) << child.said;
}

}  // namespace
}  // namespace carousel
