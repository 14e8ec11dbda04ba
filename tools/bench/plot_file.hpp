#pragma once

#include <string>
#include <string_view>

#include "bench/subject.hpp"

namespace carousel::tool::bench {

/// A file that gets its name in one step, when it is whole; what had the name before stays until
/// then.
class plot_file {
 public:
  explicit plot_file(std::string path) : path_(std::move(path)) {}

  /// Before anything is measured: why it could not be written there, as a sentence, or nothing. It
  /// must not be the file that is read, nor a device.
  [[nodiscard]] std::string refusal(const subject& measured) const;
  /// Empty, or the sentence that says why there is no new file.
  [[nodiscard]] std::string write(std::string_view text) const;

 private:
  [[nodiscard]] std::string failure(int why) const;

  std::string path_;
};

}  // namespace carousel::tool::bench
