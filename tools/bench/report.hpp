#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "bench/comparison.hpp"
#include "bench/figures.hpp"

namespace carousel::tool::bench {

/// All that one run found.
struct report {
  std::string path;
  std::uint64_t file_bytes = 0;
  std::string file_system;
  bool direct = false;
  std::string kernel;
  unsigned cpus = 0;
  unsigned rounds = 0;
  std::uint64_t seed = 0;
  std::vector<std::string> notes;
  std::vector<cell> cells;
  std::vector<claim> claims;
  std::vector<std::string> verdict;
};

/// One line: the file, how it was read, and on what.
[[nodiscard]] std::string heading(const report& r);

struct page {
  unsigned columns;
  bool utf8;  ///< else only ASCII
};
/// For people: a table with bars for each cell, the notes, the verdict.
[[nodiscard]] std::string text_of(const report& r, page on);

[[nodiscard]] nlohmann::json object_of(const report& r);

}  // namespace carousel::tool::bench
