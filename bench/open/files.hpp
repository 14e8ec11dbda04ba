#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "common/machine.hpp"

namespace bench {

/// Many small files, in the order in which the rivals read them. Each 8-byte word of a file tells
/// which one it is.
class small_files {
 public:
  static constexpr std::size_t bytes = 8192;

  /// Makes `count` files in folders of 100 below `folder`.
  small_files(const std::string& folder, unsigned count);

  [[nodiscard]] const std::vector<std::string>& paths() const noexcept { return paths_; }
  [[nodiscard]] unsigned next() noexcept {
    const unsigned file = at_;
    if (++at_ == paths_.size()) at_ = 0;
    return file;
  }

  /// After each read: ends the program if it failed, was short, or brought another file.
  void check(std::int64_t result, const std::byte* buffer, unsigned file) const {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::memcpy(&first, buffer, sizeof first);
    std::memcpy(&last, buffer + bytes - sizeof last, sizeof last);
    if (result != static_cast<std::int64_t>(bytes) || first != file || last != file) [[unlikely]]
      fail("reading " + paths_[file] + " went wrong");
  }

 private:
  std::vector<std::string> paths_;
  unsigned at_ = 0;
};

/// A rival of the workload `open`.
class reader {
 public:
  virtual ~reader() = default;
  /// Opens, reads and closes the next `count` files.
  virtual void run(std::uint64_t count, small_files& files) = 0;
};

std::unique_ptr<reader> open_by_hand(unsigned depth);
std::unique_ptr<reader> open_by_hand_with_descriptors(unsigned depth);
std::unique_ptr<reader> open_by_carousel(unsigned depth);
std::unique_ptr<reader> open_by_carousel_with_descriptors(unsigned depth);
std::unique_ptr<reader> open_by_calls();

}  // namespace bench
