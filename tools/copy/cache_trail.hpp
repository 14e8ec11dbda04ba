#pragma once

#include <cstdint>
#include <utility>

#include "carousel/fs/file.hpp"
#include "common/extents.hpp"

namespace carousel::tool {

/// What a copy through the page cache has left there. It takes its pages out again while it goes
/// on: those of the copy once they are on the disk, and those of the source if none of them had
/// been there before. At the end two windows at most are left.
class cache_trail {
 public:
  cache_trail(file from, file to);

  /// `part` of both files has been read and written: several parts may pass at a time. Now and then
  /// this waits for the disk. Error: what the file system says of a write that it had taken before.
  [[nodiscard]] task<result<>> pass(extent part);

 private:
  struct window {
    extent range{};
    std::uint64_t bytes = 0;
  };
  void add(extent part) noexcept;
  [[nodiscard]] task<result<>> drop(extent range) const;

  file from_;
  file to_;
  bool source_was_cold_;
  window filling_;
  window behind_;  ///< on its way to the disk
};

}  // namespace carousel::tool
