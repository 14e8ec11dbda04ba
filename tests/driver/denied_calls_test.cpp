#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <carousel/carousel.hpp>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "support/content.hpp"
#include "support/in_child.hpp"
#include "support/run.hpp"
#include "support/system_call_filter.hpp"
#include "support/temp_dir.hpp"

// A filter that denies one of the three calls of io_uring: what fails says so, and what can go on
// does.

namespace carousel {
namespace {

using test::child_end;
using test::error_of;
using test::in_child;
using test::run;

constexpr int skipped = 77;

struct denial {
  int error;
  const char* name;
};
class denied : public testing::TestWithParam<denial> {};
INSTANTIATE_TEST_SUITE_P(calls, denied,
                         testing::Values(denial{EPERM, "EPERM (1)"}, denial{EACCES, "EACCES (13)"},
                                         denial{ENOSYS, "ENOSYS (38)"}),
                         [](const auto& one) {
                           const std::string name = one.param.name;
                           return name.substr(0, name.find(' '));
                         });

[[nodiscard]] bool deny(long call, int error) {
  return test::refuse(
      {{.number = static_cast<unsigned>(call), .error = static_cast<unsigned>(error)}});
}

[[nodiscard]] bool says(std::error_code error, const std::string& words) {
  const std::string message = error.message();
  if (message.find(words) != message.npos) return true;
  std::fprintf(stderr, "'%s' is not in '%s'\n", words.c_str(), message.c_str());
  return false;
}

TEST_P(denied, setup_gives_an_error_that_names_the_filter) {
  const child_end end = in_child([] {
    if (!deny(SYS_io_uring_setup, GetParam().error)) return skipped;
    const std::error_code why = error_of(runtime::make());
    const std::string name = GetParam().name;
    return says(why, "seccomp filter") && says(why, name.substr(0, name.find(' '))) ? 0 : 1;
  });
  if (end.code == skipped) GTEST_SKIP() << "no seccomp here";
  EXPECT_EQ(end.code, 0) << end.said << end.signal;
}

TEST(denied_setup, for_want_of_a_descriptor_names_call_and_number_and_says_what_to_raise) {
  const child_end end = in_child([] {
    if (!deny(SYS_io_uring_setup, EMFILE)) return skipped;
    const std::error_code why = error_of(runtime::make());
    return why == std::errc::too_many_files_open && says(why, "io_uring_setup: EMFILE (24)") &&
                   says(why, "ulimit -n")
               ? 0
               : 1;
  });
  if (end.code == skipped) GTEST_SKIP() << "no seccomp here";
  EXPECT_EQ(end.code, 0) << end.said << end.signal;
}

TEST_P(denied, register_gives_no_event_fd_and_names_call_number_and_filter) {
  const child_end end = in_child([] {
    runtime rt = runtime::make().value();
    if (!deny(SYS_io_uring_register, GetParam().error)) return skipped;
    const std::error_code why = error_of(rt.event_fd());
    return says(why, std::string("io_uring_register: ") + GetParam().name) &&
                   says(why, "seccomp filter")
               ? 0
               : 1;
  });
  if (end.code == skipped) GTEST_SKIP() << "no seccomp here";
  EXPECT_EQ(end.code, 0) << end.said << end.signal;
}

TEST_P(denied, enter_ends_operations_with_an_error_that_names_call_number_and_filter) {
  const child_end end = in_child([] {
    runtime rt = runtime::make().value();
    if (!deny(SYS_io_uring_enter, GetParam().error)) return skipped;
    const std::error_code why = rt.block_on(
        []() -> task<std::error_code> { co_return error_of(co_await file::open("/dev/null")); }());
    const bool condition = why == std::error_condition(GetParam().error, std::generic_category());
    return condition && says(why, std::string("io_uring_enter: ") + GetParam().name) &&
                   says(why, "seccomp filter")
               ? 0
               : 1;
  });
  if (end.code == skipped) GTEST_SKIP() << "no seccomp here";
  EXPECT_EQ(end.code, 0) << end.said << end.signal;
}

task<std::error_code> use_files(std::filesystem::path dir) {
  const auto made = co_await directory::create(dir / "made");
  if (!made) co_return made.error();
  const auto opened =
      co_await file::open(dir / "made" / "f", open_options{}.read(true).write(true).create(true));
  if (!opened) co_return opened.error();
  const fixed_buf_pool pool = fixed_buf_pool::make({{4096, 1}}).value();
  if (const auto registered = pool.register_buffers(); !registered) co_return registered.error();
  fixed_buf lease = pool.try_next(4096).value();
  lease.resize(4096);
  for (std::uint64_t block = 0; block < 40; ++block) {
    auto [res, back] = co_await opened->write_fixed_at(std::move(lease), block * 4096);
    if (!res) co_return res.error();
    lease = std::move(back);
  }
  const auto synced = co_await opened->sync_all();
  if (!synced) co_return synced.error();
  const auto moved = co_await file::rename(dir / "made" / "f", dir / "g");
  if (!moved) co_return moved.error();
  if (pool.registered() != registration::plain) co_return errc::already_registered;
  const std::string told = pool.why_plain().message;
  std::fprintf(stderr, "%s\n", told.c_str());
  co_return std::error_code();
}

TEST_P(denied, register_leaves_files_names_and_plain_pools_that_say_why) {
  const test::temp_dir dir;
  const child_end end = in_child([&] {
    if (!deny(SYS_io_uring_register, GetParam().error)) return skipped;
    const std::error_code why = run([&] { return use_files(dir.path()); });
    if (why) std::fprintf(stderr, "%s\n", why.message().c_str());
    return why ? 1 : 0;
  });
  if (end.code == skipped) GTEST_SKIP() << "no seccomp here";
  EXPECT_EQ(end.code, 0) << end.said << end.signal;
  EXPECT_NE(end.said.find(std::string("io_uring_register: ") + GetParam().name), end.said.npos)
      << end.said;
}

}  // namespace
}  // namespace carousel
