#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "carousel/task.hpp"
#include "copy/report.hpp"
#include "copy/tree_scan.hpp"

namespace carousel::tool {

/// One moment of a copy.
struct progress_figures {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  scan_totals total;
  double bytes_per_second = 0;  ///< of late
};

/// The figures as one line of at most `columns` characters: how much of it, a bar, how fast, how
/// long yet. A narrow terminal gets fewer of them, and one of less than 5 columns none.
[[nodiscard]] std::string progress_line(const progress_figures& now, unsigned columns);

/// A line on stderr while a copy runs: on a terminal written over and over, elsewhere one after the
/// other, which can be lost as other output can, and a last one at the end.
class progress {
 public:
  /// Also has the report take the line away from a terminal before it writes.
  progress(copy_report& report, const tree_scan& scan, bool on_terminal);
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;
  ~progress();

  /// Shows the line until the task is aborted.
  task<> show();

 private:
  [[nodiscard]] std::string next_line(unsigned columns);
  void draw();
  void take_away();

  copy_report& report_;
  const tree_scan& scan_;
  bool on_terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_;
  std::uint64_t last_bytes_ = 0;
  double rate_ = 0;
};

}  // namespace carousel::tool
