#pragma once

#include <sys/types.h>
#include <carousel/fs/file.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <list>
#include <optional>
#include <span>
#include <vector>

#include "fake/kernel.hpp"

namespace carousel::random_test {

/// A file of constant size, and what must be in it. Tasks use disjoint regions, so that the content
/// is never a matter of order; what a task that was destroyed may or may not have written is
/// unknown until it is written again.
class shadow_file {
 public:
  static constexpr std::size_t bytes = 16UZ * 1024;

  shadow_file(std::filesystem::path path, fake::random& random);

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] const file& handle() const noexcept { return *handle_; }
  void close_handle() noexcept { handle_.reset(); }

  /// A region that belongs to one task.
  class region {
   public:
    region(shadow_file& owner, std::size_t begin, std::size_t end) noexcept;
    region(const region&) = delete;
    region& operator=(const region&) = delete;
    ~region();

    [[nodiscard]] std::size_t begin() const noexcept { return begin_; }
    [[nodiscard]] std::size_t end() const noexcept { return end_; }
    [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }

    /// A write may have happened or not from here on, until one of the next two is called.
    void begin_write() noexcept { writing_ = true; }
    void wrote(std::span<const std::byte> data) noexcept;
    void wrote_something() noexcept;
    /// What a read brought from `offset` on is what must be there.
    [[nodiscard]] bool holds(std::size_t offset, std::span<const std::byte> data) const noexcept;

   private:
    friend class shadow_file;
    shadow_file& owner_;
    std::size_t begin_;
    std::size_t end_;
    bool writing_ = false;
  };

  /// A region nobody uses; false if the one that was drawn is in use.
  [[nodiscard]] std::optional<std::pair<std::size_t, std::size_t>> draw(fake::random& random,
                                                                        const fake::kernel& kernel,
                                                                        std::size_t bytes_max);

 private:
  struct range {
    std::size_t begin;
    std::size_t end;
  };
  [[nodiscard]] bool is_free(const range& r) const noexcept;

  std::filesystem::path path_;
  std::optional<file> handle_;
  ino_t inode_ = 0;
  std::vector<std::byte> content_;
  std::vector<bool> known_;
  std::list<range> used_;
  std::list<range> abandoned_;  ///< a write there may still be in the kernel
};

}  // namespace carousel::random_test
