// Files that are read at offsets: each answer is the one of RocksDB's own file system.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <rocksdb/convenience.h>
#include <rocksdb/file_system.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "carousel/rocksdb.hpp"
#include "file_reads.hpp"
#include "support/fuse_mount.hpp"
#include "support/temp_dir.hpp"

namespace {

using carousel::test::fuse_mount;
using carousel::test::temp_dir;
using carousel_rocksdb::test::answer;
using carousel_rocksdb::test::extent;
using carousel_rocksdb::test::file_content;
using carousel_rocksdb::test::file_ptr;
using carousel_rocksdb::test::opened;
using carousel_rocksdb::test::ours;
using carousel_rocksdb::test::read_options;
using carousel_rocksdb::test::read_singly;
using carousel_rocksdb::test::read_space;
using carousel_rocksdb::test::read_together;
using carousel_rocksdb::test::request_for;
using carousel_rocksdb::test::takes_direct_reads;
using carousel_rocksdb::test::theirs;
using rocksdb::FileSystem;

constexpr std::size_t block = 4096;
constexpr std::size_t file_bytes = 50 * block + 700;  // the end is no multiple of anything

/// Blocks in order with gaps, as RocksDB asks for them, to the end of the file and beyond it.
std::vector<extent> many_blocks() {
  std::vector<extent> extents;
  extents.reserve(40);
  for (std::uint64_t at = 0; at <= file_bytes + 4 * block; at += 2 * block)
    extents.push_back({at, at % 3 == 0 ? block : 2 * block});
  return extents;
}

struct random_access_file : testing::TestWithParam<bool> {
  void SetUp() override {
    if (GetParam() && !takes_direct_reads(name)) GTEST_SKIP() << "no direct reads in " << name;
  }
  temp_dir dir;
  std::string name = dir.make("file", file_content(file_bytes)).string();
};

TEST_P(random_access_file, answers_many_requests_as_the_default_file_system_does_one_by_one) {
  const std::vector<extent> extents = many_blocks();
  const file_ptr mine = opened(*ours(), name, GetParam());
  const std::vector<answer> right = read_singly(*opened(*theirs(), name, GetParam()), extents);
  EXPECT_EQ(read_together(*mine, extents), right);
  EXPECT_EQ(read_singly(*mine, extents), right);
  EXPECT_EQ(std::ranges::count(right, std::string(), &answer::bytes), 2) << "beyond the end";
}

TEST_P(random_access_file, takes_more_requests_in_one_call_than_rocksdb_makes) {
  const std::vector<extent> extents(1000, {2 * block, block});
  const std::vector<answer> right(
      1000, read_singly(*opened(*theirs(), name, GetParam()), {extents[0]})[0]);
  EXPECT_EQ(read_together(*opened(*ours(), name, GetParam()), extents), right);
}

TEST_P(random_access_file, says_what_direct_reads_must_keep_to) {
  const file_ptr mine = opened(*ours(), name, GetParam());
  EXPECT_EQ(mine->use_direct_io(), GetParam());
  const std::size_t alignment = mine->GetRequiredBufferAlignment();
  ASSERT_TRUE(alignment == block || (GetParam() && alignment > 0 && alignment < block));
  struct statx told{};
  ASSERT_EQ(statx(AT_FDCWD, name.c_str(), 0, STATX_DIOALIGN, &told), 0);
  if (GetParam() && told.stx_dio_offset_align != 0) {
    EXPECT_EQ(alignment, std::max(told.stx_dio_mem_align, told.stx_dio_offset_align));
  }
}

TEST_P(random_access_file, reads_to_the_new_end_of_a_file_that_was_truncated) {
  const file_ptr mine = opened(*ours(), name, GetParam());
  const file_ptr right = opened(*theirs(), name, GetParam());
  std::filesystem::resize_file(name, 5 * block + 13);
  EXPECT_EQ(read_together(*mine, many_blocks()), read_singly(*right, many_blocks()));
}

TEST_P(random_access_file, is_read_after_its_name_is_gone) {
  const file_ptr mine = opened(*ours(), name, GetParam());
  const std::vector<answer> right = read_together(*mine, many_blocks());
  std::filesystem::remove(name);
  EXPECT_EQ(read_together(*mine, many_blocks()), right);
  EXPECT_EQ(read_singly(*mine, many_blocks()), right);
}

TEST_P(random_access_file, is_read_by_eight_threads_at_once) {
  const file_ptr mine = opened(*ours(), name, GetParam());
  const std::vector<answer> right = read_singly(*mine, many_blocks());
  std::array<std::vector<answer>, 8> got;
  {
    std::vector<std::jthread> threads;
    threads.reserve(got.size());
    for (auto& own : got) {
      threads.emplace_back([&] {
        for (int i = 0; i < 20; ++i) own = read_together(*mine, many_blocks());
      });
    }
  }
  for (const auto& own : got) EXPECT_EQ(own, right);
}

INSTANTIATE_TEST_SUITE_P(, random_access_file, testing::Bool(),
                         [](const auto& p) { return p.param ? "direct" : "buffered"; });

struct odd_request : testing::Test {
  temp_dir dir;
  std::string name = dir.make("file", file_content(file_bytes)).string();
  file_ptr mine = opened(*ours(), name);
  file_ptr right = opened(*theirs(), name);
};

TEST_F(odd_request, for_nothing_gives_nothing) {
  // The default file system calls it an error, of which errno knows nothing.
  const std::vector<extent> extents = {{0, 0}, {10, 20}, {file_bytes, 0}, {file_bytes + 1, 0}};
  const std::vector<answer> together = read_together(*mine, extents);
  EXPECT_EQ(together, read_singly(*mine, extents));
  EXPECT_EQ(together[0], answer());
  EXPECT_EQ(together[1].bytes, file_content(file_bytes).substr(10, 20));
  EXPECT_EQ(together[3], answer());
}

TEST_F(odd_request, that_fails_leaves_the_others_alone) {
  constexpr std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
  const std::vector<extent> extents = {{last, 10}, {0, 100}, {last / 2 + 1, 10}, {50, 100}};
  const std::vector<answer> together = read_together(*mine, extents);
  EXPECT_EQ(together, read_singly(*right, extents));
  EXPECT_EQ(together[0].code, rocksdb::Status::kIOError);
  EXPECT_EQ(together[3].bytes, file_content(file_bytes).substr(50, 100));
}

/// RocksDB 8.4 and later.
template <class Request>
constexpr bool can_be_given_memory = requires(Request& asked) { asked.fs_scratch; };

TEST_F(odd_request, into_no_memory_is_given_some_or_has_the_error_of_the_default_file_system) {
  read_space space(block);
  std::array<rocksdb::FSReadRequest, 2> requests{request_for({0, 100}, nullptr),
                                                 request_for({100, 100}, space.data())};
  ASSERT_TRUE(mine->MultiRead(requests.data(), 2, {}, nullptr).ok());
  EXPECT_EQ(requests[1].result.size(), 100U);
  const answer got(requests[0].status, requests[0].result);
  if (can_be_given_memory<rocksdb::FSReadRequest>) {
    EXPECT_EQ(got, read_singly(*right, {{0, 100}})[0]);
  } else {
    rocksdb::Slice none;
    const auto theirs = right->Read(0, 100, {}, &none, nullptr, nullptr);
    EXPECT_EQ(got, answer(theirs, none));
  }
}

TEST_F(odd_request, of_no_requests_is_well) {
  EXPECT_TRUE(mine->MultiRead(nullptr, 0, {}, nullptr).ok());
}

TEST_F(odd_request, for_what_the_kernel_would_read_ahead_is_left_to_rocksdb) {
  EXPECT_TRUE(mine->Prefetch(0, block, {}, nullptr).IsNotSupported());
}

TEST_F(odd_request, for_an_identity_is_answered_as_by_the_default_file_system) {
  std::array<char, 64> one{};
  std::array<char, 64> other{};
  EXPECT_EQ(mine->GetUniqueId(one.data(), one.size()),
            right->GetUniqueId(other.data(), other.size()));
  EXPECT_EQ(one, other);
  EXPECT_EQ(mine->GetUniqueId(one.data(), 8), right->GetUniqueId(other.data(), 8));
}

TEST_F(odd_request, about_the_page_cache_is_answered_as_by_the_default_file_system) {
  EXPECT_TRUE(mine->InvalidateCache(0, 0).ok());
  mine->Hint(rocksdb::FSRandomAccessFile::kRandom);
}

TEST(opening, says_what_the_default_file_system_says) {
  const temp_dir dir;
  const std::string file = dir.make("file", "content").string();
  for (const std::string& name : {dir.path().string() + "/missing", file + "/below", std::string(),
                                  std::string(5000, 'n'), std::string("/proc/self/mem/x")}) {
    for (const bool direct : {false, true}) {
      file_ptr mine;
      file_ptr right;
      const auto one = ours()->NewRandomAccessFile(name, read_options(direct), &mine, nullptr);
      const auto other = theirs()->NewRandomAccessFile(name, read_options(direct), &right, nullptr);
      EXPECT_EQ(answer(one, {}), answer(other, {})) << name;
      EXPECT_EQ(mine == nullptr, right == nullptr) << name;
    }
  }
}

TEST(opening, leaves_mapped_files_to_the_default_file_system) {
  const temp_dir dir;
  rocksdb::FileOptions options;
  options.use_mmap_reads = true;
  file_ptr file;
  const std::string name = dir.make("file", "content").string();
  ASSERT_TRUE(ours()->NewRandomAccessFile(name, options, &file, nullptr).ok());
  rocksdb::Slice result;
  ASSERT_TRUE(file->Read(0, 7, {}, &result, nullptr, nullptr).ok());
  EXPECT_EQ(result.ToString(), "content");
}

TEST(uri, is_the_file_system) {
  std::shared_ptr<FileSystem> made;
  rocksdb::ConfigOptions strict;
  strict.ignore_unsupported_options = false;
  ASSERT_TRUE(FileSystem::CreateFromString(strict, "carousel://", &made).ok());
  EXPECT_STREQ(made->Name(), "CarouselFileSystem");
  EXPECT_FALSE(FileSystem::CreateFromString(strict, "carousel:///some/path", &made).ok());
  EXPECT_FALSE(FileSystem::CreateFromString(strict, "carousel", &made).ok());
}

TEST(space, on_the_disk_is_told_as_rocksdb_needs_it_to_recover) {
  const temp_dir dir;
  std::uint64_t bytes = 0;
  EXPECT_TRUE(ours()->GetFreeSpace(dir.path().string(), {}, &bytes, nullptr).ok());
  EXPECT_GT(bytes, 0U);
}

/// Files that misbehave: fuse_fault.c.
TEST(bad_file, is_read_on_where_the_kernel_gives_a_part_and_fails_where_it_fails) {
  const fuse_mount mount;
  if (mount.why_not() != nullptr) GTEST_SKIP() << mount.why_not();
  const std::vector<extent> extents = {
      {0, block}, {2 * block, 2 * block}, {15 * block, 3 * block}, {72 * block, 3 * block}};
  for (const char* name : {"ok", "short", "eio_at_64k", "shrink", "grow", "zerosize"}) {
    for (const bool direct : {false, true}) {
      const std::string path = mount.path(name).string();
      const std::vector<answer> right = read_singly(*opened(*theirs(), path, direct), extents);
      EXPECT_EQ(read_together(*opened(*ours(), path, direct), extents), right) << name << direct;
      EXPECT_EQ(read_singly(*opened(*ours(), path, direct), extents), right) << name << direct;
    }
  }
}

}  // namespace
