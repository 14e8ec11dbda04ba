#pragma once

#include <CLI/App.hpp>
#include <cstddef>
#include <string>
#include <vector>

namespace carousel::tool {

struct copy_options {
  std::vector<std::string> names;  ///< sources, and the destination unless `into` says it
  std::string into;                ///< -t: the directory to copy into

  bool recursive = false;
  bool archive = false;
  bool preserve = false;    ///< owner, permissions and times
  bool keep_links = false;  ///< -P: a symbolic link that is named is copied as one
  bool no_clobber = false;  ///< what exists is kept
  bool as_file = false;     ///< -T: the destination is never a directory to copy into
  bool sync = false;
  bool verify = false;

  bool compare = false;
  bool json = false;
  bool verbose = false;
  bool quiet = false;  ///< no progress on a terminal

  std::size_t buffers = 32;
  std::size_t buffer_bytes = std::size_t{1} << 20U;

  [[nodiscard]] bool directories() const noexcept { return recursive || archive; }
  [[nodiscard]] bool attributes() const noexcept { return preserve || archive; }
  [[nodiscard]] bool follows_named_links() const noexcept { return !directories() && !keep_links; }
};

/// Adds the options of `carousel cp` to the command.
void add_copy_options(CLI::App& command, copy_options& options);

/// The sentence for the first option of cp(1) among the arguments that `carousel cp` does not have; empty when there is none.
[[nodiscard]] std::string refused_option(const std::vector<std::string>& arguments);

}  // namespace carousel::tool
