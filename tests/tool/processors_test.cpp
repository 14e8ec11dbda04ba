#include "common/processors.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <cstddef>
#include <string>

#include "support/made_up_machine.hpp"

// How many threads are worth having, on made-up machines. The affinity mask is the real one.

namespace carousel::tool {
namespace {

class processors_test : public test::made_up_machine {
 protected:
  [[nodiscard]] std::size_t usable() const { return usable_processors(root()); }
  [[nodiscard]] static std::size_t of_mask() {
    cpu_set_t mask;
    return sched_getaffinity(0, sizeof mask, &mask) == 0
               ? static_cast<std::size_t>(CPU_COUNT(&mask))
               : 0;
  }
};

constexpr const char* version_2 = "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
constexpr const char* version_1 =
    "31 20 0:27 / /sys/fs/cgroup/cpu rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n";

TEST_F(processors_test, without_groups_they_are_those_of_the_mask) {
  machine("", "");
  EXPECT_EQ(usable(), of_mask());
}

TEST_F(processors_test, a_quota_of_less_than_one_leaves_one) {
  machine(version_2, "0::/small\n");
  write("sys/fs/cgroup/small/cpu.max", "20000 100000\n");
  EXPECT_EQ(usable(), 1U);
}

TEST_F(processors_test, the_quota_of_a_group_above_counts) {
  machine(version_2, "0::/above/below\n");
  write("sys/fs/cgroup/above/below/cpu.max", "max 100000\n");
  write("sys/fs/cgroup/above/cpu.max", "100000 100000\n");
  EXPECT_EQ(usable(), 1U);
}

TEST_F(processors_test, a_quota_of_more_than_there_are_changes_nothing) {
  machine(version_2, "0::/large\n");
  write("sys/fs/cgroup/large/cpu.max", "100000000 100000\n");
  EXPECT_EQ(usable(), of_mask());
}

TEST_F(processors_test, a_group_of_version_1_has_its_quota_in_two_files) {
  machine(version_1, "4:cpu,cpuacct:/backup\n");
  write("sys/fs/cgroup/cpu/backup/cpu.cfs_quota_us", "50000\n");
  write("sys/fs/cgroup/cpu/backup/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(usable(), 1U);
  write("sys/fs/cgroup/cpu/backup/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(usable(), of_mask());
}

}  // namespace
}  // namespace carousel::tool
