#include "bench/status_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "copy/progress.hpp"

namespace carousel::tool::bench {

status_line::status_line() : wanted_(can_show_progress()) {}

status_line::~status_line() {
  if (shown_percent_ < 0) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
}

void status_line::show(double part, std::string_view what) {
  constexpr std::size_t width = 25;
  const int percent = std::clamp(static_cast<int>(part * 100), 0, 100);
  // A terminal that is written to all the time would take part in the measurement.
  if (!wanted_ || percent == shown_percent_) return;
  shown_percent_ = percent;
  std::string bar(width * static_cast<unsigned>(percent) / 100, '=');
  bar.resize(width, ' ');
  fmt::print(stderr, "\r{:3} %  [{}]  {}\x1b[K", percent, bar, what);
  std::fflush(stderr);
}

}  // namespace carousel::tool::bench
