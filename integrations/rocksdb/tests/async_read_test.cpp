// Reads in advance: ReadAsync, Poll and AbortIO.

#include <gtest/gtest.h>
#include <rocksdb/file_system.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
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

using carousel::test::fuse_mount;
using carousel::test::in_child;
using carousel::test::open_fds;
using carousel::test::temp_dir;
using carousel_rocksdb::test::answer;
using carousel_rocksdb::test::file_content;
using carousel_rocksdb::test::file_ptr;
using carousel_rocksdb::test::opened;
using carousel_rocksdb::test::ours;
using carousel_rocksdb::test::read_singly;
using carousel_rocksdb::test::read_space;
using carousel_rocksdb::test::request_for;
using carousel_rocksdb::test::takes_direct_reads;
using carousel_rocksdb::test::theirs;
using rocksdb::FSReadRequest;
using rocksdb::IOStatus;

/// As RocksDB keeps one: the memory, the handle with its deleter, and what the callback said.
class read_in_advance {
 public:
  explicit read_in_advance(std::size_t bytes) : space_(bytes), bytes_(bytes) {}
  read_in_advance(const read_in_advance&) = delete;
  read_in_advance& operator=(const read_in_advance&) = delete;
  ~read_in_advance() { release(); }

  IOStatus begin(rocksdb::FSRandomAccessFile& file, std::uint64_t offset) {
    FSReadRequest request = request_for({offset, bytes_}, space_.data());
    return file.ReadAsync(
        request, {},
        [this](const FSReadRequest& done, void* argument) {
          EXPECT_EQ(argument, this);
          EXPECT_EQ(done.result.data(), space_.data());
          got = answer(done.status, done.result);
          teller = std::this_thread::get_id();
          ++calls;
        },
        this, &handle_, &deleter_, nullptr);
  }
  void poll() {
    std::vector<void*> handles{handle_};
    EXPECT_TRUE(ours()->Poll(handles, 1).ok());
  }
  void abort() {
    std::vector<void*> handles{handle_};
    EXPECT_TRUE(ours()->AbortIO(handles).ok());
  }
  void release() {
    if (void* const last = std::exchange(handle_, nullptr)) deleter_(last);
  }
  [[nodiscard]] std::string memory() const { return {space_.data(), bytes_}; }

  int calls = 0;
  answer got;
  std::thread::id teller;

 private:
  read_space space_;
  std::size_t bytes_;
  void* handle_ = nullptr;
  rocksdb::IOHandleDeleter deleter_;
};

struct async_read : testing::TestWithParam<bool> {
  void SetUp() override {
    if (GetParam() && !takes_direct_reads(name)) GTEST_SKIP() << "no direct reads in " << name;
    file = opened(*ours(), name, GetParam());
  }
  temp_dir dir;
  std::string name = dir.make("file", file_content(300'000)).string();
  file_ptr file;
};

TEST_P(async_read, is_told_once_by_the_thread_that_polls_and_is_what_read_gives) {
  for (const std::uint64_t offset : {0U, 8192U, 299'008U, 1'048'576U}) {
    read_in_advance one(4096);
    ASSERT_TRUE(one.begin(*file, offset).ok());
    one.poll();
    EXPECT_EQ(one.calls, 1);
    EXPECT_EQ(one.teller, std::this_thread::get_id());
    EXPECT_EQ(one.got, read_singly(*file, {{offset, 4096}})[0]);
    one.poll();
    one.abort();
    EXPECT_EQ(one.calls, 1) << "told already";
  }
}

/// What RocksDB's own file system says of it, which reads at once.
answer read_by_default(const std::string& name, bool direct, std::uint64_t offset,
                       std::size_t bytes) {
  return read_singly(*opened(*theirs(), name, direct), {{offset, bytes}})[0];
}

TEST_P(async_read, of_more_than_there_is_ends_where_the_file_ends) {
  const std::string empty = dir.make("empty", "").string();
  const file_ptr nothing = opened(*ours(), empty, GetParam());
  for (const std::uint64_t bytes_there : {300'000U, 100'000U, 8192U, 1U}) {
    std::filesystem::resize_file(name, bytes_there);
    for (const std::uint64_t offset : {0U, 4096U, 8192U, 98'304U, 299'008U, 1'048'576U}) {
      for (const std::size_t bytes : {4096U, 65'536U, 1'048'576U}) {
        read_in_advance one(bytes);
        ASSERT_TRUE(one.begin(*file, offset).ok());
        read_in_advance other(bytes);
        ASSERT_TRUE(other.begin(*nothing, offset).ok());
        one.poll();
        other.poll();
        EXPECT_EQ(one.got, read_by_default(name, GetParam(), offset, bytes))
            << bytes << " bytes at " << offset << " of " << bytes_there;
        const std::uint64_t left = offset < bytes_there ? bytes_there - offset : 0;
        EXPECT_EQ(one.got.bytes.size(), std::min<std::uint64_t>(bytes, left));
        EXPECT_EQ(other.got, answer());
      }
    }
  }
}

TEST_P(async_read, is_polled_in_another_thread_when_the_one_that_began_it_has_ended) {
  read_in_advance one(65'536);
  std::thread([&] { EXPECT_TRUE(one.begin(*file, 4096).ok()); }).join();
  std::thread([&] { one.poll(); }).join();
  EXPECT_EQ(one.calls, 1);
  EXPECT_EQ(one.got.bytes, file_content(300'000).substr(4096, 65'536));
}

TEST_P(async_read, that_was_aborted_brings_nothing_whenever_that_was) {
  for (int i = 0; i < 200; ++i) {
    read_in_advance one(65'536);
    ASSERT_TRUE(one.begin(*file, 4096).ok());
    if (i % 3 == 0) std::this_thread::yield();
    one.abort();
    EXPECT_EQ(one.calls, 1);
    EXPECT_EQ(one.got.code, rocksdb::Status::kAborted);
    EXPECT_EQ(one.got.bytes, "");
  }
}

TEST_P(async_read, goes_on_without_its_file) {
  read_in_advance one(4096);
  ASSERT_TRUE(one.begin(*file, 8192).ok());
  file.reset();
  one.poll();
  EXPECT_EQ(one.got.bytes, file_content(300'000).substr(8192, 4096));
}

TEST_P(async_read, may_be_deleted_while_it_runs) {
  for (int i = 0; i < 100; ++i) {
    read_in_advance one(65'536);
    ASSERT_TRUE(one.begin(*file, 0).ok());
    one.release();
    EXPECT_EQ(one.calls, 0);
  }
}

TEST_P(async_read, of_eight_threads_at_once_is_each_ones_own) {
  std::vector<std::jthread> threads;
  threads.reserve(8);
  for (unsigned t = 0; t < 8; ++t) {
    threads.emplace_back([this, t] {
      const std::string content = file_content(300'000);
      for (unsigned i = 0; i < 50; ++i) {
        const std::uint64_t offset = std::uint64_t{(t * 7 + i) % 60} * 4096;
        read_in_advance one(4096);
        read_in_advance other(4096);
        ASSERT_TRUE(one.begin(*file, offset).ok());
        ASSERT_TRUE(other.begin(*file, offset + 4096).ok());
        other.poll();
        if (i % 5 == 0) {
          one.abort();
        } else {
          one.poll();
          ASSERT_EQ(one.got.bytes, content.substr(offset, 4096));
        }
        ASSERT_EQ(other.got.bytes, content.substr(offset + 4096, 4096));
      }
    });
  }
}

INSTANTIATE_TEST_SUITE_P(, async_read, testing::Bool(),
                         [](const auto& p) { return p.param ? "direct" : "buffered"; });

TEST(slow_read, has_let_go_of_the_memory_when_abort_returns) {
  const fuse_mount mount;
  if (mount.why_not() != nullptr) GTEST_SKIP() << mount.why_not();
  const file_ptr file = opened(*ours(), mount.path("slow").string());
  read_in_advance one(4096);
  ASSERT_TRUE(one.begin(*file, 0).ok());
  one.abort();
  const std::string at_return = one.memory();
  EXPECT_EQ(one.got.code, rocksdb::Status::kAborted);
  read_in_advance later(4096);  // the next answer of the same file comes after any of the first
  ASSERT_TRUE(later.begin(*file, 65'536).ok());
  later.poll();
  EXPECT_EQ(one.memory(), at_return);
}

TEST(slow_read, beyond_what_may_be_in_flight_is_left_to_rocksdb) {
  std::optional<fuse_mount> mount(std::in_place);
  if (mount->why_not() != nullptr) GTEST_SKIP() << mount->why_not();
  const file_ptr file = opened(*ours(), mount->path("hang").string());
  std::vector<std::unique_ptr<read_in_advance>> begun;
  IOStatus last;
  while (last.ok() && begun.size() < 1000) {
    begun.push_back(std::make_unique<read_in_advance>(4096));
    last = begun.back()->begin(*file, begun.size() * 4096);
  }
  EXPECT_TRUE(last.IsBusy()) << last.ToString();
  EXPECT_EQ(begun.size(), 257U);
  begun.pop_back();
  mount.reset();  // answers what hangs with an error
  for (const auto& one : begun) one->poll();
  for (const auto& one : begun) EXPECT_EQ(one->calls, 1);
  read_in_advance again(4096);
  const temp_dir dir;
  const file_ptr well = opened(*ours(), dir.make("file", file_content(5000)).string());
  EXPECT_TRUE(again.begin(*well, 0).ok()) << "there is room again";
  again.poll();
}

TEST(bad_file, is_read_in_advance_as_far_as_it_is_read_at_once) {
  const fuse_mount mount;
  if (mount.why_not() != nullptr) GTEST_SKIP() << mount.why_not();
  for (const char* bad : {"ok", "short", "eio_at_64k", "shrink", "grow", "zerosize"}) {
    for (const bool direct : {false, true}) {
      const std::string name = mount.path(bad).string();
      const file_ptr file = opened(*ours(), name, direct);
      for (const std::uint64_t offset : {0U, 61'440U, 65'536U, 294'912U, 1'040'384U, 2'097'152U}) {
        read_in_advance one(16'384);
        ASSERT_TRUE(one.begin(*file, offset).ok());
        one.poll();
        EXPECT_EQ(one.got, read_by_default(name, direct, offset, 16'384))
            << bad << (direct ? " direct" : "") << " at " << offset;
      }
    }
  }
}

TEST(slow_read, that_failed_has_the_error_of_a_read) {
  const fuse_mount mount;
  if (mount.why_not() != nullptr) GTEST_SKIP() << mount.why_not();
  const file_ptr file = opened(*ours(), mount.path("eio_at_64k").string(), true);
  read_in_advance one(8192);
  ASSERT_TRUE(one.begin(*file, 65'536).ok());
  one.poll();
  EXPECT_EQ(one.got, read_singly(*file, {{65'536, 8192}})[0]);
  EXPECT_EQ(one.got.code, rocksdb::Status::kIOError);
}

TEST(reader, ends_with_its_file_system) {
  const temp_dir dir;
  const std::string name = dir.make("file", file_content(5000)).string();
  const std::size_t before = open_fds();
  for (int i = 0; i < 3; ++i) {
    auto system = carousel::make_rocksdb_file_system();
    const file_ptr file = opened(*system, name);
    read_in_advance one(4096);
    ASSERT_TRUE(one.begin(*file, 0).ok());
    one.poll();
  }
  EXPECT_EQ(open_fds(), before);
}

TEST(reader, is_not_there_in_a_child_and_rocksdb_reads_by_itself) {
  const temp_dir dir;
  const file_ptr file = opened(*ours(), dir.make("file", file_content(5000)).string());
  auto one = std::make_unique<read_in_advance>(4096);
  ASSERT_TRUE(one->begin(*file, 0).ok());
  const auto end = in_child([&] {
    read_in_advance inside(4096);
    if (!inside.begin(*file, 0).IsBusy()) return 1;
    one.reset();  // the parent's: nobody would ever finish it here
    return 0;
  });
  EXPECT_EQ(end.code, 0) << end.said;
  one->poll();
  EXPECT_EQ(one->got.bytes, file_content(5000).substr(0, 4096));
}

}  // namespace
