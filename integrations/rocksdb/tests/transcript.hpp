#pragma once

#include <gtest/gtest.h>
#include <rocksdb/file_system.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carousel_rocksdb::test {

/// What a file system has answered, line by line: two of them are compared as a whole.
class transcript {
 public:
  /// A status with all that RocksDB looks at, and what came with it.
  rocksdb::IOStatus say(std::string_view what, rocksdb::IOStatus status,
                        std::string_view more = {}) {
    std::string line(what);
    line += ": " + status.ToString() + " code " + std::to_string(status.code()) + "/" +
            std::to_string(status.subcode());
    if (status.GetRetryable()) line += " retryable";
    if (status.GetDataLoss()) line += " data loss";
    line += " scope " + std::to_string(status.GetScope());
    if (!more.empty()) line += " [" + std::string(more) + "]";
    lines_.push_back(std::move(line));
    return status;
  }
  void say(std::string_view what, std::uint64_t number) {
    lines_.push_back(std::string(what) + ": " + std::to_string(number));
  }
  void say(std::string_view what, std::string_view text) {
    lines_.push_back(std::string(what) + ": " + std::string(text));
  }
  /// Of a line that begins so; empty where there is none.
  [[nodiscard]] std::string line(std::string_view what) const {
    const auto at =
        std::ranges::find_if(lines_, [&](const std::string& one) { return one.starts_with(what); });
    return at != lines_.end() ? *at : std::string();
  }
  [[nodiscard]] const std::vector<std::string>& lines() const noexcept { return lines_; }

 private:
  std::vector<std::string> lines_;
};

}  // namespace carousel_rocksdb::test
