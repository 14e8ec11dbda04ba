// What is read before RocksDB asks for it: nobody sees that it was, but for the time it takes.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <rocksdb/file_system.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "carousel/rocksdb.hpp"
#include "file_reads.hpp"
#include "support/fuse_mount.hpp"
#include "support/in_child.hpp"
#include "support/open_fds.hpp"
#include "support/temp_dir.hpp"

namespace {

using carousel::test::child_end;
using carousel::test::fuse_mount;
using carousel::test::in_child;
using carousel::test::open_fds;
using carousel::test::temp_dir;
using carousel_rocksdb::test::answer;
using carousel_rocksdb::test::extent;
using carousel_rocksdb::test::file_content;
using carousel_rocksdb::test::file_ptr;
using carousel_rocksdb::test::opened;
using carousel_rocksdb::test::ours;
using carousel_rocksdb::test::read_singly;
using carousel_rocksdb::test::takes_direct_reads;
using carousel_rocksdb::test::theirs;

constexpr std::size_t block = 4096;
constexpr std::size_t file_bytes = 700 * block + 700;  // the end is no multiple of anything

/// One read after the other, beginning at `from`, up to `to` or a little beyond.
std::vector<extent> in_order(std::uint64_t from, std::uint64_t to, std::size_t bytes) {
  std::vector<extent> extents;
  for (; from < to; from += bytes) extents.push_back({from, bytes});
  return extents;
}

/// Until a change would leave another time: before, nothing is read ahead.
void wait_until_settled(const std::string& name) {
  struct stat about{};
  ASSERT_EQ(::stat(name.c_str(), &about), 0);
  for (timespec now{}; now.tv_sec < about.st_ctim.tv_sec || (now.tv_sec == about.st_ctim.tv_sec &&
                                                             now.tv_nsec <= about.st_ctim.tv_nsec);)
    ASSERT_EQ(::clock_gettime(CLOCK_REALTIME_COARSE, &now), 0);
}

/// What this process has had read from disks.
std::uint64_t bytes_from_disks() {
  std::ifstream counts("/proc/self/io");
  for (std::string word; counts >> word;) {
    if (word == "read_bytes:") {
      std::uint64_t bytes = 0;
      counts >> bytes;
      return bytes;
    }
  }
  return 0;
}

void write_over(const std::string& name, std::uint64_t offset, const std::string& bytes) {
  const int fd = ::open(name.c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset)),
            static_cast<ssize_t>(bytes.size()));
  ::close(fd);
}

struct read_ahead : testing::Test {
  void SetUp() override {
    if (!takes_direct_reads(name)) GTEST_SKIP() << "no direct reads in " << name;
    wait_until_settled(name);
    file = opened(*ours(), name, true);
  }
  [[nodiscard]] std::vector<answer> right(const std::vector<extent>& extents) const {
    return read_singly(*opened(*theirs(), name, true), extents);
  }
  temp_dir dir;
  std::string name = dir.make("file", file_content(file_bytes)).string();
  file_ptr file;
};

TEST_F(read_ahead, gives_a_file_that_is_read_in_order_as_it_is) {
  for (const std::size_t bytes : {1U, 2U, 5U, 16U, 64U, 100U, 128U, 200U}) {
    const std::vector<extent> extents = in_order(0, file_bytes + 2 * block, bytes * block);
    EXPECT_EQ(read_singly(*file, extents), right(extents)) << bytes << " blocks at a time";
  }
}

TEST_F(read_ahead, gives_reads_that_grow_and_shrink_as_it_is) {
  std::vector<extent> extents;
  std::uint64_t at = 10 * block;
  for (std::size_t i = 0; at < file_bytes; ++i) {
    const std::size_t bytes = (1 + i * 37 % 90) * block;
    extents.push_back({at, bytes});
    at += bytes;
  }
  EXPECT_EQ(read_singly(*file, extents), right(extents));
}

TEST_F(read_ahead, has_read_more_than_was_asked_for_after_some_reads_in_order) {
  const std::uint64_t before = bytes_from_disks();
  (void)read_singly(*file, {{0, block}});
  if (bytes_from_disks() != before + block) GTEST_SKIP() << "direct reads are not counted here";
  std::thread([this] { (void)read_singly(*file, in_order(block, 10 * block, block)); }).join();
  EXPECT_GT(bytes_from_disks(), before + 10 * block);
}

TEST_F(read_ahead, reads_nothing_else_beside_reads_here_and_there) {
  constexpr std::uint64_t reads = 200;
  // What is paged in meanwhile counts as well, but not each time.
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  for (int round = 0; round < 10 && least > reads * block; ++round) {
    const std::uint64_t before = bytes_from_disks();
    for (std::uint64_t i = 0; i < reads; ++i)
      (void)read_singly(*file, {{i * 7919 % 700 * block, block}});
    least = std::min(least, bytes_from_disks() - before);
  }
  if (least == 0) GTEST_SKIP() << "direct reads are not counted here";
  // One piece ahead of each read would be twice as much.
  EXPECT_LT(least, reads * block * 3 / 2);
}

TEST_F(read_ahead, gives_nothing_that_was_written_over_meanwhile) {
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(read_singly(*file, in_order(0, 64 * block, 4 * block)).size(), 16U);
    const std::string newer(file_bytes - 64 * block, static_cast<char>('A' + i));
    write_over(name, 64 * block, newer);
    const std::vector<answer> got =
        read_singly(*file, in_order(64 * block, file_bytes, 16 * block));
    std::string all;
    for (const answer& one : got) all += one.bytes;
    ASSERT_EQ(all, newer);
    wait_until_settled(name);
  }
}

TEST_F(read_ahead, ends_where_a_file_was_truncated_meanwhile) {
  const std::vector<extent> before = in_order(0, 64 * block, 4 * block);
  const std::vector<extent> after = in_order(64 * block, 128 * block, 4 * block);
  (void)read_singly(*file, before);
  std::filesystem::resize_file(name, 70 * block + 13);
  EXPECT_EQ(read_singly(*file, after), right(after));
}

TEST_F(read_ahead, goes_on_where_a_file_has_grown_meanwhile) {
  const std::uint64_t from = 600 * block;
  (void)read_singly(*file, in_order(from, file_bytes, 4 * block));
  write_over(name, file_bytes, file_content(100 * block));
  const std::vector<extent> after = in_order(700 * block, 810 * block, 4 * block);
  EXPECT_EQ(read_singly(*file, after), right(after));
}

TEST_F(read_ahead, serves_several_files_and_places_at_once) {
  const std::string other_name = dir.make("other", file_content(file_bytes).substr(1)).string();
  wait_until_settled(other_name);
  const file_ptr other = opened(*ours(), other_name, true);
  const file_ptr other_right = opened(*theirs(), other_name, true);
  for (std::uint64_t at = 0; at < 600 * block; at += 8 * block) {
    const std::vector<extent> here = {{at, 8 * block}};
    const std::vector<extent> there = {{at + 64 * block, 8 * block}};
    ASSERT_EQ(read_singly(*file, here), right(here));
    ASSERT_EQ(read_singly(*file, there), right(there));
    ASSERT_EQ(read_singly(*other, here), read_singly(*other_right, here));
  }
}

TEST_F(read_ahead, of_eight_threads_in_one_file_is_each_ones_own) {
  const std::string content = file_content(file_bytes);
  std::vector<std::jthread> threads;
  threads.reserve(8);
  for (unsigned t = 0; t < 8; ++t) {
    threads.emplace_back([this, t, &content] {
      const std::size_t bytes = (1 + t) * block;
      std::string all;
      for (const answer& one : read_singly(*file, in_order(t * block, file_bytes, bytes)))
        all += one.bytes;
      EXPECT_EQ(all, content.substr(t * block));
    });
  }
}

TEST_F(read_ahead, goes_on_in_another_thread_where_the_first_one_has_stopped) {
  std::string all;
  std::uint64_t at = 0;
  for (int i = 0; i < 5; ++i) {
    std::thread([&] {
      for (const answer& one : read_singly(*file, in_order(at, at + 100 * block, 5 * block)))
        all += one.bytes;
    }).join();
    at += 100 * block;
  }
  EXPECT_EQ(all, file_content(file_bytes).substr(0, at));
}

TEST_F(read_ahead, keeps_no_file_open_that_rocksdb_has_closed) {
  std::thread([this] {
    const std::size_t before = open_fds();
    (void)read_singly(*file, in_order(0, 10 * block, block));
    ASSERT_GT(open_fds(), before) << "there is a ring, so something is read ahead";
    const std::size_t with_it = open_fds();
    file.reset();
    EXPECT_EQ(open_fds(), with_it - 1);
  }).join();
}

/// Tells when a file is gone: nothing names it, and nobody has it open, the kernel included.
class end_of_file_on_disk {
 public:
  explicit end_of_file_on_disk(const std::string& name)
      : events_(::inotify_init1(IN_CLOEXEC)),
        watch_(::inotify_add_watch(events_, name.c_str(), IN_DELETE_SELF)) {}
  end_of_file_on_disk(const end_of_file_on_disk&) = delete;
  end_of_file_on_disk& operator=(const end_of_file_on_disk&) = delete;
  ~end_of_file_on_disk() { ::close(events_); }
  [[nodiscard]] bool is_watched() const noexcept { return watch_ >= 0; }
  [[nodiscard]] bool comes() const {
    pollfd event{.fd = events_, .events = POLLIN, .revents = 0};
    return ::poll(&event, 1, 60'000) == 1;
  }

 private:
  int events_;
  int watch_;
};

TEST_F(read_ahead, gives_the_space_of_a_removed_file_back_while_the_thread_that_read_it_sleeps) {
  const end_of_file_on_disk end(name);
  if (!end.is_watched()) GTEST_SKIP() << "no inotify";
  std::binary_semaphore has_read(0);
  std::binary_semaphore is_gone(0);
  std::thread reader([&] {
    (void)read_singly(*file, in_order(0, 10 * block, block));
    has_read.release();
    is_gone.acquire();
  });
  has_read.acquire();
  file.reset();
  std::filesystem::remove(name);
  EXPECT_TRUE(end.comes()) << "what was read ahead keeps the file";
  is_gone.release();
  reader.join();
}

TEST_F(read_ahead, begins_anew_in_a_child_of_fork) {
  const std::vector<extent> first = in_order(0, 20 * block, block);
  const std::vector<extent> rest = in_order(20 * block, file_bytes, 8 * block);
  const std::vector<answer> wanted = right(rest);
  (void)read_singly(*file, first);
  const child_end end = in_child([&] { return read_singly(*file, rest) == wanted ? 0 : 1; });
  EXPECT_EQ(end.code, 0) << end.said;
  EXPECT_EQ(end.said, "");
  EXPECT_EQ(read_singly(*file, rest), wanted) << "and the parent noticed nothing";
}

/// Files that misbehave: fuse_fault.c.
TEST(bad_file, read_in_order_answers_as_the_default_file_system_does) {
  const fuse_mount mount;
  if (mount.why_not() != nullptr) GTEST_SKIP() << mount.why_not();
  for (const char* name : {"ok", "short", "eio_at_64k", "shrink", "grow", "zerosize"}) {
    const std::string path = mount.path(name).string();
    for (const std::size_t bytes : {1U, 4U, 10U}) {
      const std::vector<extent> extents = in_order(0, 1'100'000, bytes * block);
      const std::vector<answer> right = read_singly(*opened(*theirs(), path, true), extents);
      EXPECT_EQ(read_singly(*opened(*ours(), path, true), extents), right) << name << bytes;
    }
  }
}

/// A file that is overwritten by RocksDB and keeps its size and its times, as it may where a file
/// system counts seconds.
struct overwritten : testing::Test {
  void SetUp() override {
    if (mount.why_not() != nullptr) GTEST_SKIP() << mount.why_not();
    name = mount.path("keeps").string();
    file = opened(*ours(), name, true);
    (void)read_singly(*file, in_order(0, 64 * block, 4 * block));
  }
  /// What the reader goes on with after what it had, which is all of one kind.
  [[nodiscard]] bool goes_on_with(char byte) {
    const std::uint64_t from = std::exchange(at, at + 32 * block);
    for (const answer& one : read_singly(*file, in_order(from, at, 4 * block)))
      if (one.bytes != std::string(4 * block, byte)) return false;
    return true;
  }
  [[nodiscard]] static std::string all(char byte) {
    std::string whole(256 * block, byte);
    return whole;
  }

  const fuse_mount mount;
  std::string name;
  file_ptr file;
  std::uint64_t at = 64 * block;
};

TEST_F(overwritten, at_an_offset_is_read_as_it_is_then) {
  std::unique_ptr<rocksdb::FSRandomRWFile> writer;
  ASSERT_TRUE(ours()->NewRandomRWFile(name, {}, &writer, nullptr).ok());
  for (const char byte : {'A', 'B', 'C'}) {
    ASSERT_TRUE(writer->Write(0, all(byte), {}, nullptr).ok());
    EXPECT_TRUE(goes_on_with(byte)) << byte;
  }
  ASSERT_TRUE(writer->Write(0, all('D'), {}, nullptr).ok());
  writer.reset();
  EXPECT_TRUE(goes_on_with('D')) << "and when it is written to no more";
}

TEST_F(overwritten, as_a_log_that_is_used_again_is_read_as_it_is_then) {
  std::unique_ptr<rocksdb::FSWritableFile> writer;
  const auto status =
      ours()->ReuseWritableFile(mount.path("kept").string(), name, {}, &writer, nullptr);
  ASSERT_TRUE(status.ok()) << status.ToString();
  ASSERT_TRUE(writer->Append(all('E'), {}, nullptr).ok());
  EXPECT_TRUE(goes_on_with('E'));
  ASSERT_TRUE(writer->Close({}, nullptr).ok());
  writer.reset();
}

TEST(slow_file, is_let_go_of_by_a_thread_that_ends_while_it_is_read_ahead) {
  const fuse_mount mount;
  if (mount.why_not() != nullptr) GTEST_SKIP() << mount.why_not();
  const file_ptr file = opened(*ours(), mount.path("slow").string(), true);
  const std::size_t before = open_fds();
  std::thread([&] { (void)read_singly(*file, in_order(0, 3 * block, block)); }).join();
  EXPECT_EQ(open_fds(), before);
}

}  // namespace
