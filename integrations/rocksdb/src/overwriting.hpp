#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace carousel_rocksdb {

/// A file that RocksDB has open to write into what is there: that of a file which it ingests, where
/// the sequence number goes, or of a log that it uses again. Its size does not change, and its time
/// may not either. Nobody reads ahead in such a file, by whatever name and descriptor, as long as
/// this lives; and what was read ahead before anywhere counts no more.
///
/// Thread-safe. Writers are few: whoever asks looks at all of them.
class overwriting {
 public:
  /// By a name that leads to it now. One that cannot be found stands for all files.
  explicit overwriting(const std::string& name);
  overwriting(const overwriting&) = delete;
  overwriting& operator=(const overwriting&) = delete;
  ~overwriting();

  /// How many files have ceased to be overwritten so far; nothing while this one is.
  [[nodiscard]] static std::optional<std::uint64_t> ended_before(const struct stat& file) noexcept;
  /// Of a file that is mapped, whose end nobody tells: from now on.
  static void never_ends(const std::string& name);

 private:
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

/// An open file whose content is being overwritten until it is destroyed; `Wrapper` is RocksDB's
/// own, which passes all on to a file that it owns. It is closed first.
template <class Wrapper>
class overwritten_file final : overwriting, public Wrapper {
 public:
  template <class File>
  overwritten_file(const std::string& name, std::unique_ptr<File> opened)
      : overwriting(name), Wrapper(std::move(opened)) {}
};

}  // namespace carousel_rocksdb
