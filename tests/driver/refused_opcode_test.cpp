#include <fcntl.h>
#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <array>
#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/meddling_kernel.hpp"
#include "support/open_fds.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/small.hpp"
#include "support/temp_dir.hpp"

// A ring that refuses single operations, as IORING_REGISTER_RESTRICTIONS and kernels that do not
// know them do.

namespace carousel {
namespace {

using detail::opcode;
using test::error_of;
using test::make_meddled;
using test::meddling;
using test::pipe_pair;
using test::small;
using test::temp_dir;

struct stage {
  std::filesystem::path dir;
  file f;
  fixed_buf_pool pool;
};

/// One use of an operation; the stage outlives it.
struct use {
  opcode code;
  std::function<task<std::error_code>(const stage&)> run;
};

template <class T>
task<std::error_code> told_by(detail::operation<T> op) {
  auto r = co_await std::move(op);
  if constexpr (requires { r.res; }) {
    co_return error_of(r.res);
  } else {
    co_return error_of(r);
  }
}

task<std::error_code> open_beneath(std::filesystem::path where) {
  const directory opened =
      directory::from_fd(::open(where.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const auto inside = co_await opened.open_file("file", open_options{}.beneath(true));
  co_return error_of(inside);
}

task<std::error_code> close_one(std::filesystem::path path) {
  const int number = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  file opened = file::from_fd(number);
  const auto closed = co_await std::move(opened).close();
  // A file system may answer a close so that happened, and the number may be somebody else's by
  // then: it is not tried again.
  if (!closed) {
    EXPECT_EQ(::close(number), 0);
  }
  co_return error_of(closed);
}

task<std::error_code> truncate_one(file f) { co_return error_of(co_await f.truncate(small)); }

std::vector<use> all_uses() {
  const auto chars = [] { return std::vector<char>(small, 'y'); };
  const auto pieces = [chars] { return std::vector<std::vector<char>>{chars(), chars()}; };
  const auto lease = [](const stage& on) {
    fixed_buf one = on.pool.try_next(small).value();
    one.resize(small);
    return one;
  };
  return {
      {opcode::read, [=](const stage& on) { return told_by(on.f.read_at(chars(), 0)); }},
      {opcode::write, [=](const stage& on) { return told_by(on.f.write_at(chars(), 0)); }},
      {opcode::readv, [=](const stage& on) { return told_by(on.f.readv_at(pieces(), 0)); }},
      {opcode::writev, [=](const stage& on) { return told_by(on.f.writev_at(pieces(), 0)); }},
      {opcode::read_fixed,
       [=](const stage& on) { return told_by(on.f.read_fixed_at(lease(on), 0)); }},
      {opcode::write_fixed,
       [=](const stage& on) { return told_by(on.f.write_fixed_at(lease(on), 0)); }},
      {opcode::fsync, [](const stage& on) { return told_by(on.f.sync_all()); }},
      {opcode::fallocate, [](const stage& on) { return told_by(on.f.allocate(0, small)); }},
      {opcode::fadvise,
       [](const stage& on) { return told_by(on.f.advise(file_advice::will_need)); }},
      {opcode::madvise,
       [](const stage&) { return told_by(advise_memory({}, memory_advice::normal)); }},
      {opcode::ftruncate, [](const stage& on) { return truncate_one(on.f); }},
      {opcode::statx, [](const stage& on) { return told_by(on.f.info()); }},
      {opcode::statx, [](const stage& on) { return told_by(file::info(on.dir / "file")); }},
      {opcode::openat, [](const stage& on) { return told_by(file::open(on.dir / "file")); }},
      {opcode::openat2, [](const stage& on) { return open_beneath(on.dir); }},
      {opcode::close, [](const stage& on) { return close_one(on.dir / "file"); }},
      {opcode::mkdirat, [](const stage& on) { return told_by(directory::create(on.dir / "sub")); }},
      {opcode::symlinkat,
       [](const stage& on) { return told_by(file::symlink("file", on.dir / "symbolic")); }},
      {opcode::linkat,
       [](const stage& on) { return told_by(file::hard_link(on.dir / "file", on.dir / "hard")); }},
      {opcode::renameat,
       [](const stage& on) { return told_by(file::rename(on.dir / "old", on.dir / "new")); }},
      {opcode::unlinkat, [](const stage& on) { return told_by(file::remove(on.dir / "gone")); }},
  };
}

/// The directory as every round begins.
void set_stage(const std::filesystem::path& where) {
  std::filesystem::remove_all(where);
  std::filesystem::create_directory(where);
  for (const char* name : {"file", "old", "gone"}) {
    const int fd = ::open((where / name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const std::string content(small, 'x');
    EXPECT_EQ(::write(fd, content.data(), small), static_cast<ssize_t>(small));
    ::close(fd);
  }
}

class with_answer : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(refused_opcode, with_answer, testing::Values(EINVAL, EACCES));

TEST_P(with_answer, is_the_error_of_its_operations_and_of_no_others) {
  const temp_dir dir;
  const std::size_t before = test::open_fds();
  const std::error_code expected(GetParam(), std::generic_category());
  for (const use& refused : all_uses()) {
    set_stage(dir.path() / "stage");
    const auto m = std::make_shared<meddling>();
    runtime rt = make_meddled(m);
    rt.block_on([&]() -> task<> {
      const stage on{
          .dir = dir.path() / "stage",
          .f = file::from_fd(::open((dir.path() / "stage/file").c_str(), O_RDWR | O_CLOEXEC)),
          .pool = fixed_buf_pool::make({{small, 1}}).value()};
      const auto registered = on.pool.register_buffers();
      EXPECT_TRUE(registered);
      const bool fixed = on.pool.registered() == registration::fixed;
      m->refused = {{refused.code, -GetParam()}};
      for (const use& one : all_uses()) {
        const std::error_code told = co_await one.run(on);
        if (!detail::this_context().io->supports(one.code)) continue;   // by a system call
        const bool through = !fixed && one.code == opcode::read_fixed;  // as an ordinary read
        if (through) continue;
        EXPECT_EQ(told, one.code == refused.code ? expected : std::error_code{})
            << detail::name_of(one.code) << " while " << detail::name_of(refused.code)
            << " is refused: " << told.message();
      }
      EXPECT_TRUE(on.pool.try_next(small));  // it came back from all of them
    }());
    EXPECT_TRUE(rt.shutdown(std::chrono::seconds(5)));
  }
  EXPECT_EQ(test::open_fds(), before);
}

TEST_P(with_answer, of_cancels_leaves_operations_to_end_by_themselves) {
  const std::size_t before = test::open_fds();
  {
    const pipe_pair pipe;
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    const auto m = std::make_shared<meddling>();
    m->refused = {{opcode::async_cancel, -GetParam()}};
    runtime rt = make_meddled(m);
    rt.block_on([&]() -> task<> {
      const file end = pipe.reader();
      auto reading = end.read(pool.try_next(small).value());
      const auto left = co_await abandon_after(std::chrono::milliseconds(1), std::move(reading));
      EXPECT_EQ(error_of(left.res), errc::timed_out);
      EXPECT_FALSE(pool.try_next(small));  // the kernel has it
      pipe.put("late");
      const auto back = co_await pool.next(small);
      EXPECT_TRUE(back);
    }());
    EXPECT_TRUE(rt.shutdown(std::chrono::seconds(5)));
  }
  EXPECT_EQ(test::open_fds(), before);
}

}  // namespace
}  // namespace carousel
