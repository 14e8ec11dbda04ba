#pragma once

#include <gtest/gtest.h>
#include <rocksdb/file_system.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>

#include "file_reads.hpp"
#include "support/temp_dir.hpp"
#include "transcript.hpp"

// What happens to files is told by each file system in turn, about the same names, and the two
// accounts are one.

namespace carousel_rocksdb::test {

inline constexpr std::size_t block = 4096;
inline constexpr std::size_t file_bytes = 10 * block + 700;
inline constexpr std::uint64_t huge = std::uint64_t{1} << 63U;

inline std::string content_of(const std::string& name) {
  std::ifstream in(name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// A content in few words.
inline std::string summary(std::string_view content) {
  return std::to_string(content.size()) + " bytes, " +
         std::to_string(std::hash<std::string_view>{}(content));
}

inline rocksdb::FileOptions options_of(bool direct) {
  rocksdb::FileOptions options;
  options.use_direct_reads = direct;
  options.use_direct_writes = direct;
  return options;
}

/// Both accounts of a story, each of it in the folder as it was before.
using story = std::function<void(rocksdb::FileSystem&, const std::string& folder, transcript&)>;
inline transcript told_alike(const story& told) {
  const carousel::test::temp_dir dir;
  const std::string folder = dir.path().string() + "/folder";
  const auto account = [&](rocksdb::FileSystem& by) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directory(folder);
    std::ofstream(folder + "/file", std::ios::binary) << file_content(file_bytes);
    std::filesystem::create_directory(folder + "/directory");
    const std::ofstream empty(folder + "/empty");
    transcript all;
    told(by, folder, all);
    return all;
  };
  transcript right = account(*theirs());
  EXPECT_EQ(account(*ours()).lines(), right.lines());
  return right;
}

inline bool direct_is_refused() {
  const carousel::test::temp_dir dir;
  return !takes_direct_reads(dir.make("file", "content").string());
}

}  // namespace carousel_rocksdb::test
