#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/output.hpp"
#include "copy/compare.hpp"

namespace carousel::tool {
namespace {

constexpr double even_within = 0.02;

/// The figures of one program, in ascending order.
template <class Figure>
std::vector<double> sorted(const std::vector<comparison_run>& runs, Figure figure) {
  std::vector<double> values;
  values.reserve(runs.size());
  for (const comparison_run& r : runs)
    values.push_back(static_cast<double>(std::invoke(figure, r)));
  std::ranges::sort(values);
  return values;
}

double median(const std::vector<double>& ascending) { return ascending[ascending.size() / 2]; }

bool inside(double value, const std::vector<double>& ascending) {
  return ascending.front() <= value && value <= ascending.back();
}

template <class Figure>
comparison_row row(const comparison& c, const char* name, const char* unit, Figure figure) {
  const auto carousel = sorted(c.carousel, figure);
  const auto cp = sorted(c.cp, figure);
  comparison_row r{.name = name,
                   .unit = unit,
                   .carousel = median(carousel),
                   .cp = median(cp),
                   .ratio = std::nullopt,
                   .winner = "even"};
  if (r.carousel > 0) r.ratio = r.cp / r.carousel;
  const bool close = std::abs(r.carousel - r.cp) <= even_within * std::max(r.carousel, r.cp);
  const bool scattered = inside(r.carousel, cp) && inside(r.cp, carousel);
  if (!close && !scattered) r.winner = r.carousel < r.cp ? "carousel" : "cp";
  return r;
}

std::string amount(double value, const std::string& unit) {
  if (unit == "s") return fmt::format("{:.3f} s", value);
  constexpr double mib = 1024.0 * 1024.0;
  return value < mib ? fmt::format("{:.0f} KiB", value / 1024.0)
                     : fmt::format("{:.1f} MiB", value / mib);
}

std::string verdict(const comparison_row& r) {
  if (r.winner == "even") return "about even";
  const bool carousel = r.winner == "carousel";
  const double less = carousel ? r.carousel : r.cp;
  const double more = carousel ? r.cp : r.carousel;
  if (less <= 0) return fmt::format("{} wins: it needs none", r.winner);
  const double times = more / less;
  return fmt::format("{} wins, {:.{}f} times less", r.winner, times, times < 100 ? 2 : 0);
}

nlohmann::json runs_of(const std::vector<comparison_run>& runs) {
  auto all = nlohmann::json::array();
  for (const comparison_run& r : runs) {
    all.push_back({{"wall_seconds", r.wall_seconds},
                   {"cpu_seconds", r.cpu_seconds},
                   {"cached_before_bytes", r.cached_before},
                   {"cached_source_bytes", r.cached_sources},
                   {"cached_target_bytes", r.cached_target},
                   {"files", r.files},
                   {"bytes", r.bytes}});
  }
  return all;
}

}  // namespace

std::vector<comparison_row> rows_of(const comparison& c) {
  std::vector<comparison_row> rows;
  if (!c.failure.empty() || c.carousel.empty() || c.cp.empty()) return rows;
  rows.push_back(row(c, "wall time with syncfs", "s", &comparison_run::wall_seconds));
  rows.push_back(row(c, "CPU time", "s", &comparison_run::cpu_seconds));
  if (c.cache_known) {
    rows.push_back(row(c, "page cache left: copy", "bytes", &comparison_run::cached_target));
    rows.push_back(row(c, "page cache left: sources", "bytes", &comparison_run::cached_sources));
  }
  return rows;
}

nlohmann::json comparison_object(const comparison& c) {
  auto table = nlohmann::json::array();
  for (const comparison_row& r : rows_of(c)) {
    nlohmann::json ratio;
    if (r.ratio) ratio = *r.ratio;
    table.push_back({{"name", r.name},
                     {"unit", r.unit},
                     {"carousel", r.carousel},
                     {"cp", r.cp},
                     {"cp_over_carousel", std::move(ratio)},
                     {"winner", r.winner}});
  }
  return {{"ok", c.failure.empty()},
          {"failure", c.failure},
          {"commands", {{"carousel", c.carousel_command}, {"cp", c.cp_command}}},
          {"medians", std::move(table)},
          {"runs", {{"carousel", runs_of(c.carousel)}, {"cp", runs_of(c.cp)}}},
          {"remarks", c.remarks}};
}

void print_comparison(const comparison& c) {
  if (!c.failure.empty()) {
    complain("no comparison: " + c.failure);
    return;
  }
  const comparison_run& copy = c.carousel.front();
  say(fmt::format("`{}` against `{}`: {} files, {} bytes; medians of {} rounds\n",
                  fmt::join(c.carousel_command, " "), fmt::join(c.cp_command, " "), copy.files,
                  copy.bytes, c.carousel.size()));
  say(fmt::format("{:26}{:>14}{:>14}{:>13}  {}\n", "", "carousel", "cp", "cp/carousel", ""));
  for (const comparison_row& r : rows_of(c)) {
    const std::string ratio = r.ratio ? fmt::format("{:.2f}", *r.ratio) : std::string("-");
    say(fmt::format("{:26}{:>14}{:>14}{:>13}  {}\n", r.name, amount(r.carousel, r.unit),
                    amount(r.cp, r.unit), ratio, verdict(r)));
  }
  for (const std::string& remark : c.remarks) say(fmt::format("note: {}\n", remark));
}

}  // namespace carousel::tool
