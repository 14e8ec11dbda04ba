#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace carousel_rocksdb {

/// Which reads of a thread go on where earlier ones have ended. Several may be under way, as an
/// iterator over several files has them. Looking and noting take no lock and no memory, for each
/// random read pays for them too.
class sequences {
 public:
  /// Notes a read of `bytes` at `offset` of the file of this number, and says how many reads have
  /// led up to that offset without a gap: 0 for one that begins somewhere.
  unsigned note(std::uint64_t file, std::uint64_t offset, std::size_t bytes) noexcept {
    ++reads_;
    sequence* oldest = all_.data();
    for (sequence& s : all_) {
      if (s.file == file && s.next == offset) {
        s.next += bytes;
        s.noted_at = reads_;
        return ++s.length;
      }
      if (s.noted_at < oldest->noted_at) oldest = &s;
    }
    *oldest = {.file = file, .next = offset + bytes, .noted_at = reads_, .length = 0};
    return 0;
  }

 private:
  struct sequence {
    std::uint64_t file = 0;  ///< no file has this number
    std::uint64_t next = 0;
    std::uint64_t noted_at = 0;
    unsigned length = 0;
  };
  std::array<sequence, 8> all_{};
  std::uint64_t reads_ = 0;
};

}  // namespace carousel_rocksdb
