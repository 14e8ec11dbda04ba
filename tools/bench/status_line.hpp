#pragma once

#include <string_view>

namespace carousel::tool::bench {

/// A line on the terminal that is stderr, written over and over; nothing where stderr is no
/// terminal.
class status_line {
 public:
  status_line();
  status_line(const status_line&) = delete;
  status_line& operator=(const status_line&) = delete;
  ~status_line();

  /// How much is done, 0 to 1, and what is being done.
  void show(double part, std::string_view what);

 private:
  bool wanted_;
  int shown_percent_ = -1;
};

}  // namespace carousel::tool::bench
