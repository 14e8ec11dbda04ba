// Files that are written, and what is done with their folder.

#include <gtest/gtest.h>
#include <rocksdb/file_system.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "file_reads.hpp"
#include "support/fuse_mount.hpp"
#include "told_alike.hpp"
#include "transcript.hpp"

namespace {

using carousel::test::fuse_mount;
using carousel_rocksdb::test::block;
using carousel_rocksdb::test::content_of;
using carousel_rocksdb::test::direct_is_refused;
using carousel_rocksdb::test::file_content;
using carousel_rocksdb::test::huge;
using carousel_rocksdb::test::options_of;
using carousel_rocksdb::test::read_space;
using carousel_rocksdb::test::summary;
using carousel_rocksdb::test::told_alike;
using carousel_rocksdb::test::transcript;
using rocksdb::FileOptions;
using rocksdb::FileSystem;
using rocksdb::Slice;

using sequential_ptr = std::unique_ptr<rocksdb::FSSequentialFile>;
using writable_ptr = std::unique_ptr<rocksdb::FSWritableFile>;

void use_when_closed(rocksdb::FSWritableFile& file, const Slice& bytes, transcript& all) {
  all.say("close again", file.Close({}, nullptr));
  all.say("sync what is closed", file.Sync({}, nullptr));
  all.say("fsync what is closed", file.Fsync({}, nullptr));
  all.say("append to what is closed", file.Append(bytes, {}, nullptr));
  all.say("write to what is closed", file.PositionedAppend(bytes, 0, {}, nullptr));
  all.say("truncate what is closed", file.Truncate(0, {}, nullptr));
  all.say("allocate in what is closed", file.Allocate(0, block, {}, nullptr));
  all.say("sync a range of what is closed", file.RangeSync(0, 10, {}, nullptr));
}

/// What a file is told that is written, whichever way it was opened.
void write_and_end(rocksdb::FSWritableFile& file, const std::string& name, bool direct,
                   transcript& all) {
  const auto size = [&] { all.say("size", file.GetFileSize({}, nullptr)); };
  const read_space space(4 * block);
  const std::string bytes = file_content(4 * block);
  std::ranges::copy(bytes, space.data());
  const auto part = [&](std::size_t length) { return Slice(space.data(), length); };
  const std::size_t unit = direct ? block : 1000;

  all.say("direct", file.use_direct_io());
  all.say("alignment", file.GetRequiredBufferAlignment());
  all.say("sync in threads", file.IsSyncThreadSafe());
  size();
  // Not set: RocksDB gives fcntl(2) half of the number that it wants, and the rest is chance.
  all.say("lifetime", std::uint64_t{file.GetWriteLifeTimeHint()});
  file.SetIOPriority(rocksdb::Env::IO_HIGH);
  all.say("priority", std::uint64_t{file.GetIOPriority()});
  file.SetPreallocationBlockSize(16 * block);
  file.PrepareWrite(0, 4 * block, {}, nullptr);
  std::size_t prepared = 0;
  std::size_t blocks = 0;
  file.GetPreallocationStatus(&prepared, &blocks);
  all.say("prepared", prepared);
  all.say("prepared blocks", blocks);
  all.say("allocate", file.Allocate(0, 8 * block, {}, nullptr));
  all.say("allocate nothing", file.Allocate(0, 0, {}, nullptr));
  all.say("allocate too much", file.Allocate(0, huge - 1, {}, nullptr));
  size();

  if (direct) {
    all.say("write at 0", file.PositionedAppend(part(2 * unit), 0, {}, nullptr));
  } else {
    all.say("append", file.Append(part(2 * unit), {}, nullptr));
    all.say("append nothing", file.Append(Slice(), {}, nullptr));
  }
  size();
  all.say("write on", file.PositionedAppend(part(unit), 2 * unit, {}, nullptr));
  size();
  all.say("write beyond", file.PositionedAppend(part(unit), 6 * unit, {}, nullptr));
  size();
  all.say("flush", file.Flush({}, nullptr));
  all.say("sync", file.Sync({}, nullptr));
  all.say("fsync", file.Fsync({}, nullptr));
  all.say("sync range", file.RangeSync(0, unit, {}, nullptr));
  all.say("sync no range", file.RangeSync(0, 0, {}, nullptr));
  all.say("cache", file.InvalidateCache(0, 0));
  all.say("cache of a part", file.InvalidateCache(unit, unit));
  all.say("content", summary(content_of(name)));

  all.say("truncate", file.Truncate(unit + 10, {}, nullptr));
  size();
  all.say("content", summary(content_of(name)));
  all.say("truncate to more", file.Truncate(3 * unit, {}, nullptr));
  size();
  all.say("append after that", file.Append(part(unit), {}, nullptr));
  size();
  all.say("truncate too far", file.Truncate(huge, {}, nullptr));
  size();
  std::filesystem::remove(name + ".gone");
  std::filesystem::rename(name, name + ".gone");
  all.say("append to what was renamed", file.Append(part(unit), {}, nullptr));
  all.say("sync of it", file.Sync({}, nullptr));
  const std::string last = name + ".gone";
  all.say("close", file.Close({}, nullptr));
  all.say("content", summary(content_of(last)));

  size();
  use_when_closed(file, part(unit), all);
}

struct writable_file : testing::TestWithParam<bool> {
  void SetUp() override {
    if (direct && direct_is_refused()) GTEST_SKIP() << "no direct writes";
  }
  const bool direct = GetParam();
};

TEST_P(writable_file, that_is_new_is_written_and_ends) {
  const transcript right = told_alike([&](FileSystem& by, const std::string& folder,
                                          transcript& all) {
    const std::string name = folder + "/new";
    writable_ptr file;
    ASSERT_TRUE(all.say("new", by.NewWritableFile(name, options_of(direct), &file, nullptr)).ok());
    write_and_end(*file, name, direct, all);
  });
  EXPECT_NE(right.line("sync what is closed").find("IO error"), std::string::npos);
  EXPECT_NE(right.line("allocate too much").find("IO error"), std::string::npos);
}

TEST_P(writable_file, that_was_there_is_emptied_or_opened_again_or_used_again) {
  told_alike([&](FileSystem& by, const std::string& folder, transcript& all) {
    const FileOptions options = options_of(direct);
    const std::string name = folder + "/file";
    writable_ptr file;
    ASSERT_TRUE(all.say("reopen", by.ReopenWritableFile(name, options, &file, nullptr)).ok());
    write_and_end(*file, name, direct, all);
    ASSERT_TRUE(
        all.say("reuse", by.ReuseWritableFile(name, name + ".gone", options, &file, nullptr)).ok());
    all.say("the old name", by.FileExists(name + ".gone", {}, nullptr));
    write_and_end(*file, name, direct, all);
    ASSERT_TRUE(all.say("new", by.NewWritableFile(name + ".gone", options, &file, nullptr)).ok());
    write_and_end(*file, name + ".gone", direct, all);
  });
}

TEST_P(writable_file, without_its_name_is_written_on) {
  told_alike([&](FileSystem& by, const std::string& folder, transcript& all) {
    const std::string name = folder + "/new";
    const read_space space(block);
    writable_ptr file;
    ASSERT_TRUE(by.NewWritableFile(name, options_of(direct), &file, nullptr).ok());
    all.say("delete", by.DeleteFile(name, {}, nullptr));
    all.say("append", file->Append(Slice(space.data(), block), {}, nullptr));
    all.say("sync", file->Sync({}, nullptr));
    all.say("size", file->GetFileSize({}, nullptr));
    all.say("close", file->Close({}, nullptr));
    all.say("there", by.FileExists(name, {}, nullptr));
  });
}

TEST_P(writable_file, without_preallocation_ends_where_it_was_written_to) {
  for (const bool keep_size : {false, true}) {
    told_alike([&](FileSystem& by, const std::string& folder, transcript& all) {
      FileOptions options = options_of(direct);
      options.allow_fallocate = keep_size;
      options.fallocate_with_keep_size = keep_size;
      options.strict_bytes_per_sync = keep_size;
      options.bytes_per_sync = block;
      const std::string name = folder + "/new";
      const read_space space(block);
      writable_ptr file;
      ASSERT_TRUE(by.NewWritableFile(name, options, &file, nullptr).ok());
      file->SetPreallocationBlockSize(64 * block);
      file->PrepareWrite(0, block, {}, nullptr);
      all.say("append", file->Append(Slice(space.data(), block), {}, nullptr));
      all.say("sync range", file->RangeSync(0, block, {}, nullptr));
      file.reset();
      std::uint64_t bytes = 0;
      all.say("get size", by.GetFileSize(name, {}, &bytes, nullptr));
      all.say("bytes", bytes);
    });
  }
}

TEST_P(writable_file, that_cannot_be_opened_says_why) {
  const transcript right =
      told_alike([&](FileSystem& by, const std::string& folder, transcript& all) {
        const FileOptions options = options_of(direct);
        for (const std::string& name :
             {folder + "/none/file", folder + "/directory", folder + "/file/x", std::string(),
              folder + "/" + std::string(300, 'n')}) {
          writable_ptr file;
          all.say("new", by.NewWritableFile(name, options, &file, nullptr));
          all.say("made", file != nullptr);
          all.say("reopen", by.ReopenWritableFile(name, options, &file, nullptr));
          all.say("made", file != nullptr);
          all.say("reuse", by.ReuseWritableFile(folder + "/other", name, options, &file, nullptr));
          all.say("made", file != nullptr);
          std::unique_ptr<rocksdb::FSRandomRWFile> both;
          all.say("both", by.NewRandomRWFile(name, options, &both, nullptr));
          all.say("made", both != nullptr);
          sequential_ptr in_order;
          all.say("in order", by.NewSequentialFile(name, options, &in_order, nullptr));
          all.say("made", in_order != nullptr);
        }
      });
  EXPECT_NE(right.line("new").find("No such file"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(, writable_file, testing::Bool(),
                         [](const auto& p) { return p.param ? "direct" : "buffered"; });

TEST(written_file, that_fails_fails_alike) {
  const fuse_mount mount;
  if (mount.why_not() != nullptr) GTEST_SKIP() << mount.why_not();
  const transcript right = told_alike([&](FileSystem& by, const std::string&, transcript& all) {
    for (const char* name : {"ok", "short", "write_enospc", "fsync_eio", "close_eio"}) {
      all.say("file", name);
      writable_ptr file;
      ASSERT_TRUE(by.ReopenWritableFile(mount.path(name).string(), {}, &file, nullptr).ok());
      const std::string some = file_content(60'000);
      for (int i = 0; i < 20; ++i) all.say("append", file->Append(some, {}, nullptr));
      all.say("write", file->PositionedAppend(some, 90'000, {}, nullptr));
      all.say("sync", file->Sync({}, nullptr));
      all.say("fsync", file->Fsync({}, nullptr));
      all.say("close", file->Close({}, nullptr));
      std::unique_ptr<rocksdb::FSRandomRWFile> both;
      ASSERT_TRUE(by.NewRandomRWFile(mount.path(name).string(), {}, &both, nullptr).ok());
      all.say("write in it", both->Write(90'000, some, {}, nullptr));
      all.say("sync both", both->Sync({}, nullptr));
      all.say("fsync both", both->Fsync({}, nullptr));
      all.say("close both", both->Close({}, nullptr));
    }
  });
  EXPECT_NE(right.line("write: IO error: No space").find("/4"), std::string::npos) << "kNoSpace";
  EXPECT_FALSE(right.line("sync: IO error").empty());
  EXPECT_FALSE(right.line("close: IO error").empty());
}

TEST(folder, is_told_of_and_changed_as_by_the_default_file_system) {
  told_alike([](FileSystem& by, const std::string& folder, transcript& all) {
    std::unique_ptr<rocksdb::FSDirectory> opened;
    ASSERT_TRUE(by.NewDirectory(folder, {}, &opened, nullptr).ok());
    all.say("fsync", opened->Fsync({}, nullptr));
    all.say("fsync after a rename",
            opened->FsyncWithDirOptions({}, nullptr, rocksdb::DirFsyncOptions("renamed")));
    all.say("close", opened->Close({}, nullptr));
    all.say("no directory", by.NewDirectory(folder + "/none", {}, &opened, nullptr));
    rocksdb::FileLock* lock = nullptr;
    ASSERT_TRUE(all.say("lock", by.LockFile(folder + "/LOCK", {}, &lock, nullptr)).ok());
    rocksdb::FileLock* second = nullptr;
    const bool locked_twice = by.LockFile(folder + "/LOCK", {}, &second, nullptr).ok();
    all.say("lock again", locked_twice);
    all.say("unlock", by.UnlockFile(lock, {}, nullptr));
    all.say("create", by.CreateDir(folder + "/directory", {}, nullptr));
    all.say("create if missing", by.CreateDirIfMissing(folder + "/directory", {}, nullptr));
    all.say("delete directory", by.DeleteDir(folder + "/directory", {}, nullptr));
    all.say("rename", by.RenameFile(folder + "/file", folder + "/other", {}, nullptr));
    all.say("rename what is missing",
            by.RenameFile(folder + "/file", folder + "/other", {}, nullptr));
    all.say("link", by.LinkFile(folder + "/other", folder + "/link", {}, nullptr));
    std::uint64_t links = 0;
    all.say("links", by.NumFileLinks(folder + "/link", {}, &links, nullptr));
    all.say("number", links);
    bool same = false;
    all.say("same", by.AreFilesSame(folder + "/link", folder + "/other", {}, &same, nullptr));
    all.say("is", same);
    all.say("truncate", by.Truncate(folder + "/other", 10, {}, nullptr));
    all.say("delete what is missing", by.DeleteFile(folder + "/none", {}, nullptr));
  });
}

}  // namespace
