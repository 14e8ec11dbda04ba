// Rings come and go with threads; what a process is refused, it is told once.

#include <gtest/gtest.h>
#include <rocksdb/file_system.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "carousel/rocksdb.hpp"
#include "file_reads.hpp"
#include "support/in_child.hpp"
#include "support/open_fds.hpp"
#include "support/system_call_filter.hpp"
#include "support/temp_dir.hpp"

namespace {

using carousel::test::child_end;
using carousel::test::in_child;
using carousel::test::open_fds;
using carousel::test::refuse;
using carousel::test::temp_dir;
using carousel_rocksdb::test::answer;
using carousel_rocksdb::test::extent;
using carousel_rocksdb::test::file_content;
using carousel_rocksdb::test::file_ptr;
using carousel_rocksdb::test::opened;
using carousel_rocksdb::test::ours;
using carousel_rocksdb::test::read_together;

const std::vector<extent> extents = {{0, 100}, {4096, 4096}, {9000, 4096}};

struct thread_life : testing::Test {
  [[nodiscard]] static bool is_right(rocksdb::FSRandomAccessFile& file) {
    const std::vector<answer> got = read_together(file, extents);
    const std::string content = file_content(10'000);
    return got[0].bytes == content.substr(0, 100) && got[1].bytes == content.substr(4096, 4096) &&
           got[2].bytes == content.substr(9000);
  }
  temp_dir dir;
  std::string name = dir.make("file", file_content(10'000)).string();
};

TEST_F(thread_life, closes_the_ring_of_a_thread_that_ends) {
  const file_ptr file = opened(*ours(), name);
  const std::size_t before = open_fds();
  for (int i = 0; i < 20; ++i) std::thread([&] { EXPECT_TRUE(is_right(*file)); }).join();
  EXPECT_EQ(open_fds(), before);
}

/// Reads when the thread's other destructors run, as those of a program may.
struct reads_at_the_end {
  rocksdb::FSRandomAccessFile* file = nullptr;
  bool* right = nullptr;
  ~reads_at_the_end() {
    if (file != nullptr) *right = !read_together(*file, extents)[0].bytes.empty();
  }
};

TEST_F(thread_life, goes_on_reading_after_its_ring_is_closed) {
  const file_ptr file = opened(*ours(), name);
  bool right = false;
  std::thread([&] {
    // Made before the ring, so destroyed after it.
    thread_local reads_at_the_end last;
    last = {.file = nullptr, .right = &right};
    EXPECT_TRUE(is_right(*file));
    last.file = file.get();
  }).join();
  EXPECT_TRUE(right);
}

TEST_F(thread_life, begins_anew_in_a_child_of_fork) {
  const file_ptr file = opened(*ours(), name);
  EXPECT_TRUE(is_right(*file));
  const child_end end = in_child([&] { return is_right(*file) ? 0 : 1; });
  EXPECT_EQ(end.code, 0) << end.said;
  EXPECT_EQ(end.said, "");
  EXPECT_TRUE(is_right(*file)) << "and the parent noticed nothing";
}

TEST_F(thread_life, is_that_of_the_default_file_system_without_io_uring_which_is_said_once) {
  const child_end end = in_child([&] {
    if (!refuse({{.number = SYS_io_uring_setup, .error = EPERM}})) return 77;
    for (int i = 0; i < 2; ++i) {
      const auto system = carousel::make_rocksdb_file_system();
      const file_ptr file = opened(*system, name);
      if (!is_right(*file)) return 1;
    }
    return 0;
  });
  if (end.code == 77) GTEST_SKIP() << "no seccomp";
  EXPECT_EQ(end.code, 0) << end.said;
  const std::size_t said = end.said.find("RocksDB's default file system does it all");
  EXPECT_NE(said, std::string::npos) << end.said;
  EXPECT_EQ(end.said.find("RocksDB's default", said + 1), std::string::npos) << end.said;
}

TEST_F(thread_life, goes_on_by_system_calls_where_a_thread_gets_no_ring) {
  const file_ptr file = opened(*ours(), name);
  const child_end end = in_child([&] {
    if (!refuse({{.number = SYS_io_uring_setup, .error = ENOMEM}})) return 77;
    return is_right(*file) ? 0 : 1;
  });
  if (end.code == 77) GTEST_SKIP() << "no seccomp";
  EXPECT_EQ(end.code, 0) << end.said;
}

TEST_F(thread_life, gets_its_ring_when_there_are_descriptors_again) {
  const file_ptr file = opened(*ours(), name);
  const child_end end = in_child([&] {
    const std::size_t before = open_fds();
    rlimit usual{};
    const int next = dup(STDIN_FILENO);
    if (close(next) != 0 || getrlimit(RLIMIT_NOFILE, &usual) != 0) return 2;
    const rlimit none{.rlim_cur = static_cast<rlim_t>(next), .rlim_max = usual.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &none) != 0 || !is_right(*file)) return 3;
    if (setrlimit(RLIMIT_NOFILE, &usual) != 0 || open_fds() != before) return 4;
    for (int i = 0; i < 100; ++i) {
      if (!is_right(*file)) return 5;
    }
    return open_fds() > before ? 0 : 6;
  });
  EXPECT_EQ(end.code, 0) << end.said;
}

TEST_F(thread_life, goes_on_by_system_calls_where_its_ring_is_refused_later) {
  const file_ptr file = opened(*ours(), name);
  const child_end end = in_child([&] {
    if (!is_right(*file)) return 2;
    if (!refuse({{.number = SYS_io_uring_enter, .error = EACCES}})) return 77;
    return is_right(*file) ? 0 : 1;
  });
  if (end.code == 77) GTEST_SKIP() << "no seccomp";
  EXPECT_EQ(end.code, 0) << end.said;
}

TEST_F(thread_life, needs_no_lockable_memory) {
  const child_end end = in_child([&] {
    const rlimit none{};
    if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || (getuid() == 0 && setuid(65'534) != 0)) return 77;
    const file_ptr file = opened(*ours(), "/proc/self/exe");
    return read_together(*file, extents)[1].bytes.size() == 4096 ? 0 : 1;
  });
  if (end.code == 77) GTEST_SKIP() << "privileges cannot be dropped here";
  EXPECT_EQ(end.code, 0) << end.said;
}

}  // namespace
