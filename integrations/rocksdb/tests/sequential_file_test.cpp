// Files that are read in order.

#include <gtest/gtest.h>
#include <rocksdb/file_system.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <memory>
#include <string>

#include "file_reads.hpp"
#include "support/fuse_mount.hpp"
#include "told_alike.hpp"
#include "transcript.hpp"

namespace {

using carousel::test::fuse_mount;
using carousel_rocksdb::test::block;
using carousel_rocksdb::test::direct_is_refused;
using carousel_rocksdb::test::huge;
using carousel_rocksdb::test::options_of;
using carousel_rocksdb::test::read_space;
using carousel_rocksdb::test::summary;
using carousel_rocksdb::test::told_alike;
using carousel_rocksdb::test::transcript;
using rocksdb::FileSystem;
using rocksdb::Slice;

using sequential_ptr = std::unique_ptr<rocksdb::FSSequentialFile>;

void read_on(rocksdb::FSSequentialFile& file, std::size_t bytes, transcript& all) {
  const read_space space(bytes);
  Slice came;
  const auto status = file.Read(bytes, {}, &came, space.data(), nullptr);
  all.say("read " + std::to_string(bytes), status, summary(came.ToStringView()));
  all.say("where", came.empty() || came.data() == space.data() ? "scratch" : "elsewhere");
}
void read_at(rocksdb::FSSequentialFile& file, std::uint64_t offset, std::size_t bytes,
             transcript& all) {
  const read_space space(bytes);
  Slice came;
  const auto status = file.PositionedRead(offset, bytes, {}, &came, space.data(), nullptr);
  all.say("read " + std::to_string(bytes) + " at " + std::to_string(offset), status,
          summary(came.ToStringView()));
}

TEST(sequential_file, is_read_to_its_end_and_skipped_beyond_it) {
  const transcript right =
      told_alike([](FileSystem& by, const std::string& folder, transcript& all) {
        sequential_ptr file;
        ASSERT_TRUE(by.NewSequentialFile(folder + "/file", {}, &file, nullptr).ok());
        all.say("direct", file->use_direct_io());
        all.say("alignment", file->GetRequiredBufferAlignment());
        all.say("temperature", static_cast<std::uint64_t>(file->GetTemperature()));
        for (const std::size_t bytes : {100U, 0U, 1U, 20'000U}) read_on(*file, bytes, all);
        Slice none;
        all.say("no memory for nothing", file->Read(0, {}, &none, nullptr, nullptr),
                none.ToStringView());
        all.say("skip 50", file->Skip(50));
        all.say("skip nothing", file->Skip(0));
        read_on(*file, 1'000'000, all);
        read_on(*file, 10, all);
        all.say("skip beyond", file->Skip(1'000'000));
        read_on(*file, 11, all);
        all.say("skip too far", file->Skip(huge));
        read_on(*file, 12, all);
        all.say("cache", file->InvalidateCache(0, 0));
      });
  EXPECT_EQ(right.line("read 10:"),
            "read 10: OK code 0/0 scope 0 [0 bytes, " + summary("").substr(9) + "]");
  EXPECT_NE(right.line("skip too far").find("code 5/"), std::string::npos) << "an error";
}

TEST(sequential_file, that_grows_shrinks_or_loses_its_name_is_read_on) {
  told_alike([](FileSystem& by, const std::string& folder, transcript& all) {
    const std::string name = folder + "/file";
    sequential_ptr file;
    ASSERT_TRUE(by.NewSequentialFile(name, {}, &file, nullptr).ok());
    read_on(*file, 1'000'000, all);
    read_on(*file, 10, all);
    std::ofstream(name, std::ios::binary | std::ios::app) << "appended";
    read_on(*file, 100, all);
    std::filesystem::resize_file(name, 10);
    read_on(*file, 101, all);
    std::filesystem::remove(name);
    read_on(*file, 102, all);
    sequential_ptr empty;
    ASSERT_TRUE(by.NewSequentialFile(folder + "/empty", {}, &empty, nullptr).ok());
    read_on(*empty, 103, all);
  });
}

TEST(sequential_file, is_read_at_offsets_where_it_is_direct) {
  if (direct_is_refused()) GTEST_SKIP() << "no direct reads";
  const transcript right =
      told_alike([](FileSystem& by, const std::string& folder, transcript& all) {
        const std::string name = folder + "/file";
        sequential_ptr file;
        ASSERT_TRUE(by.NewSequentialFile(name, options_of(true), &file, nullptr).ok());
        all.say("direct", file->use_direct_io());
        all.say("alignment", file->GetRequiredBufferAlignment());
        const auto read_all = [&] {
          for (const std::uint64_t at : {0U, 3U, 9U, 10U, 11U, 100U}) {
            for (const std::size_t blocks : {0U, 1U, 2U, 32U})
              read_at(*file, at * block, blocks * block, all);
          }
        };
        read_all();
        all.say("cache", file->InvalidateCache(0, 0));
        std::filesystem::resize_file(name, 3 * block + 10);
        read_all();
        std::filesystem::remove(name);
        read_all();
      });
  EXPECT_NE(right.line("read 4096 at 40960: OK code 0/0 scope 0 [700 bytes").size(), 0U);
}

TEST(sequential_file, that_fails_fails_alike) {
  const fuse_mount mount;
  if (mount.why_not() != nullptr) GTEST_SKIP() << mount.why_not();
  const transcript right = told_alike([&](FileSystem& by, const std::string&, transcript& all) {
    for (const char* name : {"ok", "short", "eio_at_64k", "shrink", "grow", "zerosize"}) {
      all.say("file", name);
      sequential_ptr file;
      ASSERT_TRUE(by.NewSequentialFile(mount.path(name).string(), {}, &file, nullptr).ok());
      for (const std::size_t bytes : {8192U, 100'000U, 2'000'000U, 10U}) read_on(*file, bytes, all);
      sequential_ptr direct;
      if (!by.NewSequentialFile(mount.path(name).string(), options_of(true), &direct, nullptr).ok())
        continue;
      for (const std::uint64_t at : {0U, 15U, 16U, 72U, 300U})
        read_at(*direct, at * block, 3 * block, all);
    }
  });
  EXPECT_NE(right.line("read 12288 at 65536: IO error").size(), 0U);
}

}  // namespace
