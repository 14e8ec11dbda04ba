#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <optional>
#include <system_error>

#include "support/no_more_descriptors.hpp"
#include "support/run.hpp"
#include "sys/write_flag.hpp"

// A kernel that refuses io_uring_setup, as a container's seccomp filter makes it, in a process of
// its own.

namespace carousel {
namespace {

constexpr int no_filter = 250;

/// From now on io_uring_setup fails with this error in this process.
[[nodiscard]] bool refuse_setup(unsigned error) noexcept {
  std::array filter = {
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{.len = filter.size(), .filter = filter.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/// The number of the error that runtime::make() gives when setup fails so; 0 for none, -1 for one
/// of another category.
int outcome_of_setup(unsigned error) {
  const pid_t child = fork();
  if (child == 0) {
    if (!refuse_setup(error)) _exit(no_filter);
    const auto made = runtime::make();
    const std::error_code e = test::error_of(made);
    _exit(!e || e.category() == carousel_category() ? e.value() : -1);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
    throw std::system_error(errno, std::generic_category(), "a child to try in");
  }
  return WEXITSTATUS(status);
}

TEST(setup, refused_by_a_filter_is_io_uring_denied) {
  int disabled = 0;
  std::ifstream("/proc/sys/kernel/io_uring_disabled") >> disabled;
  const int outcome = outcome_of_setup(EPERM);
  if (outcome == no_filter) GTEST_SKIP() << "no seccomp here";
  EXPECT_EQ(outcome,
            static_cast<int>(disabled != 0 ? errc::io_uring_disabled : errc::io_uring_denied));
}

TEST(setup, missing_from_the_kernel_is_kernel_too_old) {
  const int outcome = outcome_of_setup(ENOSYS);
  if (outcome == no_filter) GTEST_SKIP() << "no seccomp here";
  EXPECT_EQ(outcome, static_cast<int>(errc::kernel_too_old));
}

TEST(setup, refused_here_stays_possible_in_the_parent) {
  if (outcome_of_setup(EPERM) == no_filter) GTEST_SKIP() << "no seccomp here";
  EXPECT_TRUE(runtime::make());
}

TEST(setup, a_write_flag_that_no_kernel_has_is_not_taken_for_known) {
  constexpr std::uint32_t nonsense = 1U << 30U;
  EXPECT_EQ(sys::knows_write_flag(nonsense), false);
  EXPECT_EQ(sys::knows_write_flag(RWF_HIPRI), true);
}

TEST(setup, a_write_flag_is_neither_known_nor_unknown_where_no_descriptor_is_left) {
  const test::no_more_descriptors limit;
  EXPECT_EQ(sys::knows_write_flag(RWF_HIPRI), std::nullopt);
}

}  // namespace
}  // namespace carousel
