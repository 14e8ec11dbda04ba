#include <gtest/gtest.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "fake/kernel.hpp"
#include "loop/runtime_access.hpp"
#include "support/in_child.hpp"
#include "support/linux_version.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"

// A runtime that waits is not one that waits for a disk.

namespace carousel {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::filesystem::path;

/// Waits for a pipe that stays empty. A wait with nothing in the kernel, for a timer alone, never
/// counts.
task<> wait_for_nothing(milliseconds duration) {
  const test::pipe_pair pipe;
  const file reader = pipe.reader();
  const auto r = co_await timeout(duration, reader.read(owned_bytes::with_capacity(8)));
  EXPECT_EQ(test::error_of(r.res), errc::timed_out);
}

/// The time that a runtime on this fake kernel has spent in waits that count as waiting for a disk.
std::chrono::nanoseconds waited_as_io(const fake::kernel_options& kernel_options,
                                      runtime_options options) {
  auto kernel = std::make_unique<fake::kernel>(kernel_options);
  const fake::kernel& watched = *kernel;
  runtime rt = detail::runtime_access::make(std::move(kernel), options).value();
  rt.block_on(wait_for_nothing(seconds(4)));
  return watched.waited_as_io();
}

TEST(iowait, no_wait_counts_as_one_for_a_disk) {
  EXPECT_EQ(waited_as_io({}, {}), seconds(0));
  EXPECT_EQ(waited_as_io({.async = 1000, .delay_max = seconds(1), .signals = 300}, {}), seconds(0));
}

TEST(iowait, every_wait_does_for_who_wants_it) {
  EXPECT_GE(waited_as_io({}, {.iowait = true}), seconds(4));
}

TEST(iowait, a_kernel_that_does_not_know_the_flag_is_not_given_it) {
  EXPECT_GE(waited_as_io({.old_waits = true}, {}), seconds(4));
}

/// A control group of its own while it lives, where one can be made.
class control_group {
 public:
  control_group() {
    std::ifstream mounts("/proc/self/mounts");
    for (std::string device, where, type, rest; mounts >> device >> where >> type;) {
      std::getline(mounts, rest);
      if (type != "cgroup2") continue;
      std::string made = where + "/carousel_iowait_XXXXXX";
      if (::mkdtemp(made.data()) == nullptr) continue;
      path_ = made;
      return;
    }
  }
  control_group(const control_group&) = delete;
  control_group& operator=(const control_group&) = delete;
  ~control_group() {
    if (!path_.empty()) ::rmdir(path_.c_str());
  }

  [[nodiscard]] bool enter() const {
    std::ofstream procs(path_ / "cgroup.procs");
    procs << ::getpid() << std::flush;
    return procs.good();
  }
  /// How long its processes have waited for I/O; nothing where the kernel does not tell.
  [[nodiscard]] std::optional<std::chrono::microseconds> io_pressure() const {
    std::ifstream pressure(path_ / "io.pressure");
    for (std::string word; pressure >> word;) {
      if (word.starts_with("total=")) return std::chrono::microseconds(std::stoll(word.substr(6)));
    }
    return std::nullopt;
  }

 private:
  path path_;
};

constexpr int cannot_enter = 100;

/// What a wait of 300 ms in a process of its own adds to the I/O pressure of its control group.
std::optional<std::chrono::microseconds> pressure_of_a_wait(runtime_options options) {
  const control_group group;
  if (!group.io_pressure()) return std::nullopt;
  const test::child_end end = test::in_child([&] {
    if (!group.enter()) return cannot_enter;
    runtime::make(options).value().block_on(wait_for_nothing(milliseconds(300)));
    return 0;
  });
  if (end.code == cannot_enter) return std::nullopt;
  EXPECT_EQ(end.code, 0) << end.said;
  return group.io_pressure();
}

/// A wait may begin late, or something may be paged in meanwhile: of twenty, one is as it should
/// be.
template <class F>
bool some_wait(runtime_options options, F is_right) {
  for (int i = 0; i < 20; ++i)
    if (is_right(pressure_of_a_wait(options).value())) return true;
  return false;
}

TEST(iowait, a_wait_for_a_pipe_adds_nothing_to_the_pressure_of_its_control_group) {
  if (test::linux_is_before(6, 15)) GTEST_SKIP() << "every wait counts before Linux 6.15";
  const auto counted = pressure_of_a_wait({});
  if (!counted) GTEST_SKIP() << "a control group with io.pressure needs root and cgroup2";
  EXPECT_TRUE(some_wait({.iowait = true}, [](auto added) { return added >= milliseconds(200); }));
  EXPECT_TRUE(some_wait({}, [](auto added) { return added < milliseconds(100); }));
}

}  // namespace
}  // namespace carousel
