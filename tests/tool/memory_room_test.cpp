#include "common/memory_room.hpp"

#include <gtest/gtest.h>

#include <string>

#include "copy/buffers.hpp"
#include "support/made_up_machine.hpp"

// How much memory a copy may use, on made-up machines.

namespace carousel::tool {
namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20U;
constexpr const char* version_2_mount = "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
constexpr const char* version_1_mount =
    "31 20 0:27 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n";

class memory_room_test : public test::made_up_machine {
 protected:
  void machine(const std::string& mounts, const std::string& groups) const {
    made_up_machine::machine(mounts, groups);
    write("proc/meminfo", "MemTotal: 2097152 kB\nMemFree: 1024 kB\nMemAvailable: 1048576 kB\n");
  }
  void version_2(const std::string& group, const std::string& max, std::uint64_t used,
                 std::uint64_t idle, const std::string& high = "max") const {
    const std::string at = "sys/fs/cgroup/" + group + "/memory.";
    write(at + "max", max + "\n");
    write(at + "high", high + "\n");
    write(at + "current", std::to_string(used) + "\n");
    write(at + "stat", "anon 5\ninactive_file " + std::to_string(idle) + "\nactive_file 7\n");
  }
  [[nodiscard]] memory_room room() const {
    return find_memory_room(root()).value_or(memory_room{});
  }
};

TEST_F(memory_room_test, without_groups_it_is_what_the_machine_has) {
  machine("", "");
  EXPECT_EQ(room().bytes, 1024 * mib);
  EXPECT_EQ(room().limit, "MemAvailable of /proc/meminfo");
}

TEST_F(memory_room_test, nobody_may_say) { EXPECT_FALSE(find_memory_room(root())); }

TEST_F(memory_room_test, a_group_of_version_2_has_what_it_does_not_use_or_could_drop) {
  machine(version_2_mount, "0::/backup\n");
  version_2("backup", std::to_string(32 * mib), 20 * mib, 8 * mib);
  EXPECT_EQ(room().bytes, 20 * mib);
  EXPECT_EQ(room().limit, "memory.max of /sys/fs/cgroup/backup");
}

TEST_F(memory_room_test, the_limit_that_throttles_counts_as_well) {
  machine(version_2_mount, "0::/backup\n");
  version_2("backup", std::to_string(64 * mib), 10 * mib, 0, std::to_string(32 * mib));
  EXPECT_EQ(room().bytes, 22 * mib);
  EXPECT_EQ(room().limit, "memory.high of /sys/fs/cgroup/backup");
}

TEST_F(memory_room_test, a_group_above_may_have_less) {
  machine(version_2_mount, "0::/outer/inner/own\n");
  version_2("outer/inner/own", "max", 1 * mib, 0);
  version_2("outer/inner", std::to_string(512 * mib), 1 * mib, 0);
  version_2("outer", std::to_string(16 * mib), 6 * mib, 0);
  EXPECT_EQ(room().bytes, 10 * mib);
  EXPECT_EQ(room().limit, "memory.max of /sys/fs/cgroup/outer");
}

TEST_F(memory_room_test, a_group_that_is_over_its_limit_has_nothing) {
  machine(version_2_mount, "0::/backup\n");
  version_2("backup", std::to_string(8 * mib), 9 * mib, 0);
  EXPECT_EQ(room().bytes, 0U);
}

TEST_F(memory_room_test, a_group_of_version_1_is_read_too) {
  machine(version_1_mount, "9:name=systemd:/\n4:cpu,memory:/job one\n0::/\n");
  const std::string at = "sys/fs/cgroup/memory/job one/memory.";
  write(at + "limit_in_bytes", "33554432\n");
  write(at + "usage_in_bytes", "4194304\n");
  write(at + "stat", "inactive_file 1\ntotal_inactive_file 2097152\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("sys/fs/cgroup/memory/memory.usage_in_bytes", "1\n");
  EXPECT_EQ(room().bytes, 30 * mib);
  EXPECT_EQ(room().limit, "memory.limit_in_bytes of /sys/fs/cgroup/memory/job one");
}

TEST_F(memory_room_test, a_container_sees_its_group_as_the_root) {
  machine("31 20 0:27 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/docker/abc\n");
  version_2(".", std::to_string(24 * mib), 4 * mib, 0);
  EXPECT_EQ(room().bytes, 20 * mib);
  // Or as one that is not mounted at all.
  write("proc/self/cgroup", "0::/../other\n");
  EXPECT_EQ(room().bytes, 20 * mib);
}

TEST_F(memory_room_test, mounts_with_odd_names_are_found) {
  machine("31 20 0:27 / /sys/fs/c\\040g rw - cgroup2 none rw\n", "0::/\n");
  write("sys/fs/c g/memory.max", "1048576\n");
  write("sys/fs/c g/memory.current", "0\n");
  EXPECT_EQ(room().bytes, mib);
}

using sizes = copy_buffers::sizes;

TEST(fitted_buffers, are_what_was_asked_for_where_there_is_room) {
  EXPECT_EQ(copy_buffers::fitted({32, mib}, 1024 * mib), (sizes{32, mib}));
  EXPECT_EQ(copy_buffers::fitted({1, 4096}, 32 * mib), (sizes{1, 4096}));
}

TEST(fitted_buffers, are_fewer_and_then_smaller_where_there_is_not) {
  EXPECT_EQ(copy_buffers::fitted({32, mib}, 40 * mib), (sizes{8, mib}));
  EXPECT_EQ(copy_buffers::fitted({32, mib}, 28 * mib), (sizes{5, mib}));
  EXPECT_EQ(copy_buffers::fitted({32, mib}, 16 * mib), (sizes{5, mib / 2}));
  EXPECT_EQ(copy_buffers::fitted({1, 64 * mib}, 32 * mib), (sizes{1, 4 * mib}));
}

TEST(fitted_buffers, are_one_at_least) {
  EXPECT_EQ(copy_buffers::fitted({32, mib}, 0), (sizes{1, 64U << 10U}));
  EXPECT_EQ(copy_buffers::fitted({32, 4096}, 0), (sizes{1, 4096}));
}

TEST(fitted_buffers, leave_three_quarters_of_any_room) {
  for (std::uint64_t room = mib; room < 4096 * mib; room += room / 3) {
    const sizes fit = copy_buffers::fitted({32, mib}, room);
    const std::uint64_t small = std::min<std::uint64_t>(fit.large_bytes, 256U << 10U);
    EXPECT_LE(fit.count * (fit.large_bytes + small) * 4, room) << room;
  }
}

}  // namespace
}  // namespace carousel::tool
