#pragma once

#include <cstddef>
#include <optional>
#include <system_error>
#include <utility>

#include "carousel/carousel.hpp"

namespace carousel::tool {

/// EMFILE and ENFILE: not an error of the file, and over when others have closed theirs.
[[nodiscard]] bool out_of_descriptors(const std::error_code& why) noexcept;

/// So many files may be in flight, of as many as are wanted, that each finds descriptors for itself
/// and its directory: with more, directories that wait for their files could hold all there are.
[[nodiscard]] std::size_t files_with_descriptors(std::size_t wanted) noexcept;

/// The line of those who found no descriptor. Who stands in it has closed his own; the first in
/// line tries again each time that a file in flight has given back its own.
class descriptor_line {
 public:
  /// Descriptors of one file that is being copied. They were all closed when this dies.
  class holder {
   public:
    explicit holder(descriptor_line& line) noexcept : line_(&line) { ++line_->holders_; }
    holder(holder&& other) noexcept : line_(std::exchange(other.line_, nullptr)) {}
    holder& operator=(holder&&) = delete;
    ~holder() {
      if (line_ == nullptr) return;
      --line_->holders_;
      line_->given_back_.set();
    }

   private:
    descriptor_line* line_;
  };

  /// One stay in the line, to be kept until the descriptors are open.
  class stay {
   public:
    /// Waits for another try. False when nobody is left who could give any back, and the system has
    /// none for a second.
    task<bool> wait(descriptor_line& line);

   private:
    std::optional<mutex::guard> first_;
    int tries_alone_ = 0;
  };

 private:
  mutex first_;  ///< locked by who is the first in line
  event given_back_;
  std::size_t holders_ = 0;
};

}  // namespace carousel::tool
