#include "copy/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "carousel/time/sleep.hpp"
#include "common/output.hpp"

namespace carousel::tool {
namespace {

constexpr std::chrono::milliseconds interval{100};
constexpr std::chrono::milliseconds interval_elsewhere{1000};
constexpr unsigned columns_min = 5;
constexpr unsigned columns_usual = 80;
constexpr std::size_t bar_min = 12;
constexpr std::size_t bar_max = 40;
constexpr double rate_smoothing = 0.1;
constexpr double hours_shown_max = 100;

std::string amount(double bytes) {
  constexpr std::array<const char*, 5> units = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; bytes >= 1000 && unit + 1 < units.size(); ++unit) bytes /= 1024;
  return fmt::format("{:.{}f} {}", bytes, unit != 0 && bytes < 10 ? 1 : 0, units.at(unit));
}

std::string duration(double seconds) {
  const auto s = static_cast<std::uint64_t>(std::ceil(seconds));
  if (s < 3600) return fmt::format("{}:{:02}", s / 60, s % 60);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

double share(const progress_figures& now) noexcept {
  const auto part = [](std::uint64_t done, std::uint64_t all) {
    return all == 0 ? 1.0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(all));
  };
  const bool by_files = now.total.bytes == 0;
  return by_files ? part(now.files, now.total.files) : part(now.bytes, now.total.bytes);
}

std::string bar(double part, std::size_t width) {
  const std::size_t inside = width - 2;
  const auto full = static_cast<std::size_t>(part * static_cast<double>(inside));
  std::string line(full, '=');
  if (full < inside) line += '>';
  line.resize(inside, ' ');
  return "[" + line + "]";
}

unsigned terminal_columns() noexcept {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return columns_usual;
  return size.ws_col;
}

}  // namespace

std::string progress_line(const progress_figures& now, unsigned columns) {
  if (columns < columns_min) return {};
  const bool known = now.total.complete;
  std::string line =
      known ? fmt::format("{:3.0f} %", std::floor(share(now) * 100)) : std::string("  ? %");
  // The most wanted first: each comes only if it fits.
  std::array<std::string, 4> parts;
  const auto bytes = static_cast<double>(now.bytes);
  const auto left = static_cast<double>(now.total.bytes) - bytes;
  if (now.bytes_per_second >= 1) {
    parts[0] = amount(now.bytes_per_second) + "/s";
    const double seconds = std::max(left, 0.0) / now.bytes_per_second;
    if (known && seconds < hours_shown_max * 3600) parts[1] = duration(seconds) + " left";
  }
  const char* const more = known ? "" : "+";
  parts[2] =
      fmt::format("{} of {}{}", amount(bytes), amount(static_cast<double>(now.total.bytes)), more);
  parts[3] = fmt::format("{} of {}{} files", now.files, now.total.files, more);
  for (const std::string& part : parts) {
    if (!part.empty() && line.size() + 2 + part.size() <= columns) line += "  " + part;
  }
  const std::size_t room = columns - line.size();
  if (known && room > bar_min) line.insert(5, "  " + bar(share(now), std::min(room - 2, bar_max)));
  return line;
}

progress::progress(copy_report& report, const tree_scan& scan, bool on_terminal)
    : report_(report),
      scan_(scan),
      on_terminal_(on_terminal),
      last_(std::chrono::steady_clock::now()) {
  report_.before_output = [this] { take_away(); };
}

progress::~progress() {
  take_away();
  report_.before_output = [] {};
  if (!on_terminal_) draw();
}

task<> progress::show() {
  for (;;) {
    co_await sleep_for(on_terminal_ ? interval : interval_elsewhere);
    draw();
  }
}

std::string progress::next_line(unsigned columns) {
  const auto now = std::chrono::steady_clock::now();
  const std::chrono::duration<double> passed = now - std::exchange(last_, now);
  const std::uint64_t bytes = report_.bytes;
  const std::uint64_t before = std::exchange(last_bytes_, bytes);
  const double copied = static_cast<double>(bytes) - static_cast<double>(before);
  const double rate = std::max(copied, 0.0) / std::max(passed.count(), 1e-3);
  rate_ = rate_ == 0 ? rate : rate_ + rate_smoothing * (rate - rate_);
  const progress_figures figures{report_.files, bytes, scan_.totals(), rate_};
  return progress_line(figures, columns);
}

void progress::draw() {
  if (!on_terminal_) return complain(next_line(columns_usual));
  // One column stays free: a full line would wrap on some terminals.
  const std::string line = next_line(terminal_columns() - 1);
  if (line.empty()) return;
  tool::draw("\r" + line + "\x1b[K");
  shown_ = true;
}

void progress::take_away() {
  if (!std::exchange(shown_, false)) return;
  tool::draw("\r\x1b[K");
}

}  // namespace carousel::tool
