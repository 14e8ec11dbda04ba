#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>

#include "support/close_error.hpp"
#include "support/content.hpp"
#include "support/linux_version.hpp"
#include "support/open_fds.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

// The end of a file: close(), and the last handle.

namespace carousel {
namespace {

using test::close_error;
using test::error_of;
using test::open_fds;
using test::pipe_pair;
using test::run;
using test::temp_dir;
using test::text_of;

constexpr int uses_in_table = 20;  // more than file_table::uses_before_entry

/// A pipe that nobody else holds open.
struct own_pipe {
  static own_pipe make() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
      throw std::system_error(errno, std::generic_category(), "pipe2");
    }
    return {file::from_fd(ends[0]), file::from_fd(ends[1])};
  }
  file reader;
  file writer;
};

task<std::error_code> read_four(file from) {
  const auto r = co_await from.read(std::vector<char>(4));
  if (r.res) {
    EXPECT_EQ(r.res, 4U);
  }
  co_return error_of(r.res);
}

task<> use_often(file reader, file writer) {
  for (int i = 0; i < uses_in_table; ++i) {
    const auto written = co_await writer.write(test::chars_of("data"));
    EXPECT_EQ(written.res, 4U);
    EXPECT_EQ(co_await read_four(reader), std::error_code{});
  }
}

bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

TEST(close, gives_its_result_and_ends_the_descriptor) {
  const temp_dir dir;
  const auto path = dir.make("f", "text");
  run([&]() -> task<> {
    auto opened = co_await file::open(path);
    file& f = opened.value();
    const int fd = f.fd();
    const result<> closed = co_await std::move(f).close();
    EXPECT_EQ(error_of(closed), std::error_code{});
    EXPECT_FALSE(is_open(fd));
    EXPECT_EQ(f.fd(), -1);
  });
}

TEST(close, what_the_kernel_says_is_returned) {
  const int closed = dup(0);
  ::close(closed);
  EXPECT_EQ(run([&] { return close_error(file::from_fd(closed)); }),
            std::errc::bad_file_descriptor);
}

TEST(close, of_no_descriptor_is_a_bad_file_descriptor) {
  run([&]() -> task<> {
    const file none = file::from_fd(-1);
    const auto about = co_await none.info();
    EXPECT_EQ(error_of(about), std::errc::bad_file_descriptor);
    const auto cut = co_await none.truncate(0);
    EXPECT_EQ(error_of(cut), std::errc::bad_file_descriptor);
    EXPECT_EQ(co_await close_error(none), std::errc::bad_file_descriptor);
  });
}

TEST(close, is_for_all_handles) {
  const temp_dir dir;
  const auto path = dir.make("f", "text");
  run([&]() -> task<> {
    const auto opened = co_await file::open(path, open_options{}.read(true).write(true));
    const file f = opened.value();  // NOLINT(performance-unnecessary-copy-initialization)
    EXPECT_EQ(co_await close_error(opened.value()), std::error_code{});
    EXPECT_EQ(f.fd(), -1);
    const auto read = co_await f.read_at(test::owned("old", 8), 0);
    EXPECT_EQ(error_of(read.res), std::errc::bad_file_descriptor);
    EXPECT_EQ(text_of(read.buf.bytes()), "old");
    const auto exact = co_await f.read_exact_at(test::owned("old", 8), 0);
    EXPECT_EQ(error_of(exact.res), std::errc::bad_file_descriptor);
    const auto written = co_await f.write_all_at(test::owned("old", 8), 0);
    EXPECT_EQ(error_of(written.res), std::errc::bad_file_descriptor);
    const auto synced = co_await f.sync_all();
    EXPECT_EQ(error_of(synced), std::errc::bad_file_descriptor);
    const auto info = co_await f.info();
    EXPECT_EQ(error_of(info), std::errc::bad_file_descriptor);
    const auto cut = co_await f.truncate(0);
    EXPECT_EQ(error_of(cut), std::errc::bad_file_descriptor);
    EXPECT_EQ(co_await close_error(f), std::errc::bad_file_descriptor);
  });
}

TEST(close, waits_for_operations_in_flight) {
  run([]() -> task<> {
    const pipe_pair pipe;
    const file f = pipe.reader();
    const int fd = f.fd();
    auto reading = spawn(read_four(f));
    co_await yield();
    auto closing = spawn(close_error(f));
    for (int turns = 0; turns < 5; ++turns) co_await yield();
    EXPECT_FALSE(closing.done());
    EXPECT_TRUE(is_open(fd));
    EXPECT_EQ(co_await read_four(f), std::errc::bad_file_descriptor);  // none starts any more
    pipe.put("data");
    EXPECT_EQ(co_await std::move(reading), std::error_code{});
    EXPECT_EQ(co_await std::move(closing), std::error_code{});
    EXPECT_FALSE(is_open(fd));
  });
}

TEST(close, a_close_that_was_abandoned_leaves_it_to_the_last_handle) {
  const std::size_t before = open_fds();
  run([]() -> task<> {
    const pipe_pair pipe;
    const file f = pipe.reader();
    auto reading = spawn(read_four(f));
    co_await yield();
    auto closing = spawn(close_error(f));
    for (int turns = 0; turns < 5; ++turns) co_await yield();
    closing.abort();
    pipe.put("data");
    EXPECT_EQ(co_await std::move(reading), std::error_code{});
    EXPECT_TRUE(is_open(f.fd()));
    EXPECT_EQ(co_await read_four(f), std::errc::bad_file_descriptor);
  });
  EXPECT_EQ(open_fds(), before);
}

TEST(close, the_last_handle_closes_inside_a_runtime_and_outside) {
  const temp_dir dir;
  const auto path = dir.make("f", "text");
  const std::size_t before = open_fds();
  std::optional<file> outside = run([&]() -> task<file> {
    auto opened = co_await file::open(path);
    std::optional<file> last = opened.value();
    const int fd = last->fd();
    opened = co_await file::open(path);
    EXPECT_TRUE(is_open(fd));
    last.reset();
    EXPECT_FALSE(is_open(fd));
    co_return std::move(opened).value();
  });
  EXPECT_EQ(open_fds(), before + 1);
  outside.reset();
  EXPECT_EQ(open_fds(), before);
}

TEST(close, an_operation_in_flight_holds_the_file_open) {
  run([]() -> task<> {
    const pipe_pair pipe;
    const std::size_t before = open_fds();
    auto reading = spawn(read_four(pipe.reader()));
    co_await yield();
    EXPECT_EQ(open_fds(), before + 1);
    pipe.put("data");
    EXPECT_EQ(co_await std::move(reading), std::error_code{});
    EXPECT_EQ(open_fds(), before);
  });
}

TEST(close, a_writer_in_the_file_table_gives_its_reader_the_end) {
  run([]() -> task<> {
    const std::size_t before = open_fds();
    {
      const own_pipe pipe = own_pipe::make();
      co_await use_often(pipe.reader, pipe.writer);
      EXPECT_EQ(co_await close_error(pipe.writer), std::error_code{});
      const auto end = co_await pipe.reader.read(std::vector<char>(4));
      EXPECT_EQ(end.res, 0U);
      EXPECT_EQ(co_await close_error(pipe.reader), std::error_code{});
    }
    EXPECT_EQ(open_fds(), before);
  });
}

TEST(close, a_destroyed_writer_in_the_file_table_gives_its_reader_the_end) {
  run([]() -> task<> {
    const std::size_t before = open_fds();
    {
      std::optional<own_pipe> pipe = own_pipe::make();
      co_await use_often(pipe->reader, pipe->writer);
      const file reader = pipe->reader;
      pipe.reset();
      const auto end = co_await reader.read(std::vector<char>(4));
      EXPECT_EQ(end.res, 0U);
    }
    EXPECT_EQ(open_fds(), before);
  });
}

TEST(close, a_file_outlives_the_runtime_whose_table_it_was_in) {
  const std::size_t before = open_fds();
  {
    const own_pipe pipe = own_pipe::make();
    for (int i = 0; i < 3; ++i) run([&] { return use_often(pipe.reader, pipe.writer); });
    runtime a = runtime::make().value();
    runtime b = runtime::make().value();
    a.block_on(use_often(pipe.reader, pipe.writer));
    b.block_on(use_often(pipe.reader, pipe.writer));
    EXPECT_EQ(b.block_on(close_error(pipe.writer)), std::error_code{});
    EXPECT_EQ(a.block_on(close_error(pipe.reader)), std::error_code{});
  }
  EXPECT_EQ(open_fds(), before);
}

/// Takes the lock of a file that another open file of this process may hold.
bool can_lock(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  const bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
  ::close(fd);
  return locked;
}

/// A locked file, in the ring's table.
task<file> locked_file_in_the_table(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  EXPECT_EQ(flock(fd, LOCK_EX), 0);
  file made = file::from_fd(fd);
  for (int i = 0; i < uses_in_table; ++i) (void)co_await made.read_at(std::vector<char>(1), 0);
  EXPECT_FALSE(can_lock(path));
  co_return made;
}

struct locks : testing::Test {
  void SetUp() override {
    if (test::linux_is_before(6, 13)) GTEST_SKIP() << "older tables let go late";
  }
  temp_dir dir;
  std::filesystem::path path = dir.make("locked", "");
};

TEST_F(locks, of_a_file_in_the_table_are_gone_when_close_has_finished) {
  run([&]() -> task<> {
    file f = co_await locked_file_in_the_table(path);
    EXPECT_TRUE(co_await std::move(f).close());
    EXPECT_TRUE(can_lock(path));
  });
}

TEST_F(locks, of_a_file_in_the_table_are_gone_with_its_last_handle) {
  run([&]() -> task<> {
    std::optional f = co_await locked_file_in_the_table(path);
    f.reset();
    EXPECT_TRUE(can_lock(path));
  });
}

TEST_F(locks, of_a_file_that_outlived_the_runtime_are_gone_with_its_last_handle) {
  std::optional f = run([&] { return locked_file_in_the_table(path); });
  EXPECT_FALSE(can_lock(path));
  f.reset();
  EXPECT_TRUE(can_lock(path));
}

}  // namespace
}  // namespace carousel
