#pragma once

#include <atomic>
#include <cstdint>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace carousel::tool {

/// What a copy has to do.
struct scan_totals {
  std::uint64_t files = 0;  ///< and links
  std::uint64_t bytes = 0;
  bool complete = false;  ///< else more of both may be found
};

/// Counts what is below some paths, in a thread of its own that runs ahead of the copy. Only looks.
class tree_scan {
 public:
  explicit tree_scan(std::vector<std::string> paths, bool follow_named_links);

  [[nodiscard]] scan_totals totals() const noexcept;

 private:
  void run(const std::stop_token& stop, const std::vector<std::string>& paths, int named_flags);
  void count(const std::stop_token& stop, int directory, const char* name, int flags, int depth);

  std::atomic<std::uint64_t> files_ = 0;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<bool> complete_ = false;
  bool everything_ = true;  ///< of the thread
  /// Files of several names; of the thread.
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen_;
  int depth_max_;
  std::jthread thread_;
};

}  // namespace carousel::tool
