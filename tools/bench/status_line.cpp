#include "bench/status_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "common/output.hpp"

namespace carousel::tool::bench {

status_line::status_line() : wanted_(can_draw()) {}

status_line::~status_line() {
  if (shown_percent_ < 0) return;
  draw("\r\x1b[K");
}

void status_line::show(double part, std::string_view what) {
  constexpr std::size_t width = 25;
  const int percent = std::clamp(static_cast<int>(part * 100), 0, 100);
  // A terminal that is written to all the time would take part in the measurement.
  if (!wanted_ || percent == shown_percent_) return;
  shown_percent_ = percent;
  std::string bar(width * static_cast<unsigned>(percent) / 100, '=');
  bar.resize(width, ' ');
  draw(fmt::format("\r{:3} %  [{}]  {}\x1b[K", percent, bar, what));
}

}  // namespace carousel::tool::bench
