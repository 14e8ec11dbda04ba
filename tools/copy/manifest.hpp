#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "carousel/carousel.hpp"
#include "copy/durable.hpp"
#include "copy/landing.hpp"

namespace carousel::tool {

/// A file that has the hash and the name of each file of a copy. It gets its name when the copy is
/// over, in one step.
class manifest {
 public:
  /// Error: why it cannot be made there, as a sentence.
  static std::expected<manifest, std::string> make(const std::string& path);

  /// What cannot be written is the error of finish().
  void add(std::string_view hash, std::string_view name);
  task<result<>> finish(sync_wish wish);

 private:
  manifest(directory where, landing made) noexcept
      : where_(std::move(where)), made_(std::move(made)) {}
  void write();

  directory where_;
  landing made_;
  std::string pending_;
  std::uint64_t written_ = 0;
  std::error_code error_;
};

}  // namespace carousel::tool
