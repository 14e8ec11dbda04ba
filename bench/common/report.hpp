#pragma once

#include <string>
#include <vector>

#include "common/rounds.hpp"

namespace bench {

/// What was compared, for the table and for scripts/bench.
struct result_sheet {
  std::string workload;  ///< the program: "transfer"
  std::string title;     ///< the case, in words: "random reads of 4 KiB, page cache, depth 32"
  std::string unit = "ops/s";
  bool pinned = false;  ///< to one CPU; else the table has the CPU time of all CPUs too
  unsigned rounds = 0;
  std::vector<std::string> notes{};  ///< rivals that could not take part, and why
  std::vector<standing> standings{};
};

/// A table on stdout; and if `json_file` is not empty, one more line of JSON at its end.
void print(const result_sheet& sheet, const std::string& json_file);

}  // namespace bench
