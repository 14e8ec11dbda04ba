#pragma once

#include <gtest/gtest.h>
#include <rocksdb/file_system.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "carousel/rocksdb.hpp"

namespace carousel_rocksdb::test {

/// Both answer the same questions, and the default one is right.
inline const std::shared_ptr<rocksdb::FileSystem>& ours() {
  static const auto made = carousel::make_rocksdb_file_system();
  return made;
}
inline const std::shared_ptr<rocksdb::FileSystem>& theirs() {
  static const auto made = rocksdb::FileSystem::Default();
  return made;
}

[[nodiscard]] inline rocksdb::FileOptions read_options(bool direct) {
  rocksdb::FileOptions options;
  options.use_direct_reads = direct;
  return options;
}

using file_ptr = std::unique_ptr<rocksdb::FSRandomAccessFile>;

[[nodiscard]] inline file_ptr opened(rocksdb::FileSystem& in, const std::string& name,
                                     bool direct = false) {
  file_ptr made;
  const auto status = in.NewRandomAccessFile(name, read_options(direct), &made, nullptr);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return made;
}

/// Whether the tests' folder takes direct reads.
[[nodiscard]] inline bool takes_direct_reads(const std::string& name) {
  file_ptr made;
  return theirs()->NewRandomAccessFile(name, read_options(true), &made, nullptr).ok();
}

/// Memory for reads, aligned for direct ones, and full of what no file has.
class read_space {
 public:
  explicit read_space(std::size_t bytes)
      : bytes_((bytes + alignment - 1) / alignment * alignment),
        data_(static_cast<char*>(std::aligned_alloc(alignment, bytes_ + alignment))) {
    std::fill_n(data_.get(), bytes_ + alignment, '#');
  }
  [[nodiscard]] char* data() const noexcept { return data_.get(); }

 private:
  struct freed {
    void operator()(char* p) const noexcept { std::free(p); }
  };
  static constexpr std::size_t alignment = 4096;
  std::size_t bytes_;
  std::unique_ptr<char, freed> data_;
};

/// What a read gave, as far as RocksDB looks at it.
struct answer {
  rocksdb::Status::Code code = rocksdb::Status::kOk;
  rocksdb::Status::SubCode subcode = rocksdb::Status::kNone;
  bool retryable = false;
  rocksdb::IOStatus::IOErrorScope scope = rocksdb::IOStatus::kIOErrorScopeFileSystem;
  std::string bytes;

  answer() = default;
  answer(const rocksdb::IOStatus& status, const rocksdb::Slice& result)
      : code(status.code()),
        subcode(status.subcode()),
        retryable(status.GetRetryable()),
        scope(status.GetScope()),
        bytes(status.ok() ? result.ToString() : std::string()) {}
  bool operator==(const answer&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const answer& a) {
    return out << "code " << int{a.code} << "/" << int{a.subcode}
               << (a.retryable ? " retryable" : "") << ", " << a.bytes.size() << " bytes";
  }
};

struct extent {
  std::uint64_t offset;
  std::size_t bytes;
};

/// By Read, one after the other.
[[nodiscard]] inline std::vector<answer> read_singly(const rocksdb::FSRandomAccessFile& file,
                                                     const std::vector<extent>& extents) {
  std::vector<answer> answers;
  answers.reserve(extents.size());
  for (const extent& e : extents) {
    const read_space space(e.bytes);
    rocksdb::Slice result;
    const auto status = file.Read(e.offset, e.bytes, {}, &result, space.data(), nullptr);
    answers.emplace_back(status, result);
    EXPECT_EQ(result.data(), space.data());
  }
  return answers;
}

/// A request as RocksDB makes it, of whatever version.
[[nodiscard]] inline rocksdb::FSReadRequest request_for(const extent& e, char* scratch) {
  rocksdb::FSReadRequest request{};
  request.offset = e.offset;
  request.len = e.bytes;
  request.scratch = scratch;
  return request;
}

/// By one MultiRead.
[[nodiscard]] inline std::vector<answer> read_together(rocksdb::FSRandomAccessFile& file,
                                                       const std::vector<extent>& extents) {
  std::vector<read_space> spaces;
  std::vector<rocksdb::FSReadRequest> requests;
  spaces.reserve(extents.size());
  requests.reserve(extents.size());
  for (const extent& e : extents) {
    spaces.emplace_back(e.bytes);
    requests.push_back(request_for(e, spaces.back().data()));
  }
  const auto whole = file.MultiRead(requests.data(), requests.size(), {}, nullptr);
  EXPECT_TRUE(whole.ok()) << whole.ToString();
  std::vector<answer> answers;
  answers.reserve(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    answers.emplace_back(requests[i].status, requests[i].result);
    EXPECT_EQ(requests[i].result.data(), spaces[i].data());
  }
  return answers;
}

/// No two blocks of a file are alike.
[[nodiscard]] inline std::string file_content(std::size_t bytes) {
  std::string content(bytes, '\0');
  std::uint32_t state = 1;
  for (char& c : content) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24U);
  }
  return content;
}

}  // namespace carousel_rocksdb::test
