#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace carousel::tool {

/// One copy: of the sources into a fresh directory, up to and including syncfs(2).
struct comparison_run {
  double wall_seconds = 0;
  double cpu_seconds = 0;           ///< user and system time of the process
  std::uint64_t cached_before = 0;  ///< bytes of the sources in the page cache after it was dropped
  std::uint64_t cached_sources = 0;  ///< bytes of them in the page cache afterwards
  std::uint64_t cached_target = 0;
  std::uint64_t files = 0;  ///< regular files in the copy
  std::uint64_t bytes = 0;
};

/// `carousel cp` against cp(1), on the same sources and the same file system.
struct comparison {
  std::vector<std::string> carousel_command;  ///< without sources and target
  std::vector<std::string> cp_command;
  std::vector<comparison_run> carousel;
  std::vector<comparison_run> cp;
  bool cache_known = true;           ///< the kernel told this user what is in the page cache
  std::vector<std::string> remarks;  ///< what makes the figures less fair than they look
  std::string failure;               ///< why there are no ratios; empty when there are
};

/// One figure, as the median over the rounds; less is better for all of them.
struct comparison_row {
  std::string name;
  std::string unit;
  double carousel = 0;
  double cp = 0;
  /// Cp / carousel: above 1 when carousel is better; none where carousel needed nothing.
  std::optional<double> ratio;
  /// "carousel", "cp" or "even": within 2 %, or within the scatter of the rounds.
  std::string winner;
};

/// Copies the sources six times into directories that it makes in `target_parent` and removes
/// again, one at a time.
comparison compare(const std::vector<std::string>& sources, const std::string& target_parent,
                   const std::vector<std::string>& cp_flags_for_carousel);

/// No rows when the comparison failed.
std::vector<comparison_row> rows_of(const comparison& c);

/// A table on stdout, or why there is none on stderr.
void print_comparison(const comparison& c);
[[nodiscard]] nlohmann::json comparison_object(const comparison& c);

}  // namespace carousel::tool
