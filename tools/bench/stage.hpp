#pragma once

#include <cstddef>
#include <optional>
#include <system_error>

#include "bench/figures.hpp"
#include "carousel/carousel.hpp"

namespace carousel::tool::bench {

/// A ring with the file in it, and buffers on one kind of pages. Plain and fixed reads use the same
/// of all of them, so that they differ in the operation only. Belongs to the thread that made it.
class stage {
 public:
  /// Opens the file once more by its descriptor. Errors: those of runtime::make,
  /// too_many_files_open.
  static result<stage> make(int fd, pages kind, unsigned entries);

  /// Makes `depth` buffers of `block_bytes` in place of those that are there, and registers them
  /// where the kernel allows that. Error: not_enough_memory.
  result<> set_up(std::size_t block_bytes, unsigned depth);
  /// Gives the buffers and their registration up.
  void clear();

  [[nodiscard]] pages kind() const noexcept { return kind_; }
  [[nodiscard]] runtime& its_runtime() noexcept { return runtime_; }
  [[nodiscard]] const file& opened() const noexcept { return file_; }
  /// Set up, and no lease is out.
  [[nodiscard]] const fixed_buf_pool& buffers() const noexcept { return *pool_; }
  [[nodiscard]] bool registered() const noexcept {
    return pool_ && pool_->registered() == registration::fixed;
  }
  /// Why the buffers are not registered.
  [[nodiscard]] const std::error_code& refusal() const noexcept { return refusal_; }
  /// Whether the memory is of the pages that it should be of.
  [[nodiscard]] bool as_wanted() const noexcept { return as_wanted_; }

 private:
  stage(runtime made, file opened, pages kind) noexcept;

  pages kind_;
  bool as_wanted_ = false;
  std::error_code refusal_;
  runtime runtime_;
  file file_;
  std::optional<fixed_buf_pool> pool_;
};

struct stages {
  stage small;
  std::optional<stage> huge;  ///< empty when its ring could not be made
};

}  // namespace carousel::tool::bench
