// Files that are read and written.

#include <gtest/gtest.h>
#include <rocksdb/file_system.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "file_reads.hpp"
#include "told_alike.hpp"
#include "transcript.hpp"

namespace {

using carousel_rocksdb::test::content_of;
using carousel_rocksdb::test::direct_is_refused;
using carousel_rocksdb::test::file_bytes;
using carousel_rocksdb::test::huge;
using carousel_rocksdb::test::options_of;
using carousel_rocksdb::test::read_space;
using carousel_rocksdb::test::summary;
using carousel_rocksdb::test::told_alike;
using carousel_rocksdb::test::transcript;
using rocksdb::FileSystem;
using rocksdb::Slice;

struct random_rw_file : testing::TestWithParam<bool> {
  void SetUp() override {
    if (direct && direct_is_refused()) GTEST_SKIP() << "no direct reads";
  }
  const bool direct = GetParam();
};

TEST_P(random_rw_file, has_what_was_written_and_ends_where_it_ends) {
  const transcript right =
      told_alike([&](FileSystem& by, const std::string& folder, transcript& all) {
        const std::string name = folder + "/file";
        std::unique_ptr<rocksdb::FSRandomRWFile> file;
        ASSERT_TRUE(by.NewRandomRWFile(name, options_of(direct), &file, nullptr).ok());
        const auto read = [&](std::uint64_t at, std::size_t bytes) {
          const read_space space(bytes);
          Slice came;
          const auto status = file->Read(at, bytes, {}, &came, space.data(), nullptr);
          all.say("read " + std::to_string(bytes) + " at " + std::to_string(at), status,
                  summary(came.ToStringView()));
          all.say("where", came.data() == space.data() ? "scratch" : "elsewhere");
        };
        const auto read_all = [&] {
          for (const std::uint64_t at :
               {std::uint64_t{0}, std::uint64_t{4000}, std::uint64_t{file_bytes - 5},
                std::uint64_t{file_bytes}, std::uint64_t{1'000'000}, huge}) {
            for (const std::size_t bytes : {0U, 10U, 100'000U}) read(at, bytes);
          }
        };
        all.say("direct", file->use_direct_io());
        all.say("alignment", file->GetRequiredBufferAlignment());
        all.say("temperature", static_cast<std::uint64_t>(file->GetTemperature()));
        read_all();
        all.say("write", file->Write(100, "something", {}, nullptr));
        all.say("write nothing", file->Write(100, Slice(), {}, nullptr));
        all.say("write beyond", file->Write(file_bytes + 500, "beyond", {}, nullptr));
        all.say("write too far", file->Write(huge, "far", {}, nullptr));
        read_all();
        Slice none;
        all.say("no memory", file->Read(0, 10, {}, &none, nullptr, nullptr), none.ToStringView());
        all.say("no memory for nothing", file->Read(0, 0, {}, &none, nullptr, nullptr));
        all.say("flush", file->Flush({}, nullptr));
        all.say("sync", file->Sync({}, nullptr));
        all.say("fsync", file->Fsync({}, nullptr));
        std::filesystem::resize_file(name, 4100);
        read_all();
        std::filesystem::rename(name, folder + "/renamed");
        all.say("write to what was renamed", file->Write(4090, "across the end", {}, nullptr));
        read_all();
        all.say("content", summary(content_of(folder + "/renamed")));
        all.say("close", file->Close({}, nullptr));
        all.say("close again", file->Close({}, nullptr));
        all.say("write to what is closed", file->Write(0, "late", {}, nullptr));
        all.say("sync what is closed", file->Sync({}, nullptr));
        all.say("fsync what is closed", file->Fsync({}, nullptr));
        read(0, 10);
        file.reset();
        all.say("missing", by.NewRandomRWFile(folder + "/none", {}, &file, nullptr));
      });
  EXPECT_NE(right.line("no memory:").find("Bad address"), std::string::npos);
  EXPECT_NE(right.line("write to what is closed").find("IO error"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(, random_rw_file, testing::Bool(),
                         [](const auto& p) { return p.param ? "direct" : "buffered"; });

}  // namespace
