#include "common/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <nlohmann/json.hpp>

#include "common/machine.hpp"

namespace bench {
namespace {

nlohmann::json json_of(const spread& s) {
  return {{"median", s.median}, {"low", s.low}, {"high", s.high}};
}

/// How long one takes: median, 99th and 99.9th percentile, longest.
std::array<double, 4> times_us(const latency_histogram& h) {
  const auto us = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e3; };
  return {us(h.percentile_ns(0.5)), us(h.percentile_ns(0.99)), us(h.percentile_ns(0.999)),
          us(h.max_ns())};
}

/// What a row says of single operations, in the width of the heading.
std::string times_text(const latency_histogram& h) {
  if (h.count() == 0) return fmt::format("{:>10}", "-");
  std::string text;
  for (const double t : times_us(h)) text += fmt::format("{:>10.{}f}", t, t < 100 ? 2 : 0);
  return text;
}

}  // namespace

void print(const result_sheet& sheet, const std::string& json_file) {
  if (!json_file.empty()) {
    auto rivals = nlohmann::json::array();
    for (const standing& s : sheet.standings) {
      rivals.push_back({{"name", s.name},
                        {"rate", json_of(s.rate)},
                        {"ratio", json_of(s.ratio)},
                        {"cpu_us", s.cpu_us}});
      if (!sheet.pinned && s.machine_us) rivals.back()["machine_us"] = *s.machine_us;
      if (s.latency.count() != 0) rivals.back()["p50_p99_p999_max_us"] = times_us(s.latency);
    }
    const nlohmann::json object = {
        {"workload", sheet.workload}, {"title", sheet.title},
        {"unit", sheet.unit},         {"pinned", sheet.pinned},
        {"rounds", sheet.rounds},     {"reference", sheet.standings.front().name},
        {"notes", sheet.notes},       {"rivals", std::move(rivals)}};
    std::ofstream file(json_file, std::ios::app);
    file << object.dump() << '\n';
    if (!file.flush()) fail(json_file + " cannot be written");
  }
  fmt::print("{} ({} rounds{})\n", sheet.title, sheet.rounds, sheet.pinned ? ", one CPU" : "");
  const bool timed = std::ranges::any_of(sheet.standings,
                                         [](const standing& s) { return s.latency.count() != 0; });
  const auto row = [&](const auto&... cells) {
    std::string line = fmt::format("  {:<30}{:>11}{:>11}{:>{}}{:>9}  {:<11}{}", cells...);
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print("{}\n", line);
  };
  const int machine_width = sheet.pinned ? 0 : 11;
  row("", sheet.unit, "CPU us/op", sheet.pinned ? "" : "all CPUs", machine_width, "ratio",
      "low-high",
      timed ? fmt::format("{:>10}{:>10}{:>10}{:>10}", "p50 us", "p99", "p99.9", "max") : "");
  for (const standing& s : sheet.standings) {
    std::string machine;
    if (!sheet.pinned) machine = s.machine_us ? fmt::format("{:.3f}", *s.machine_us) : "-";
    row(s.name, fmt::format("{:.{}f}", s.rate.median, s.rate.median < 100 ? 3 : 0),
        fmt::format("{:.3f}", s.cpu_us), machine, machine_width,
        fmt::format("{:.3f}", s.ratio.median),
        fmt::format("{:.3f}-{:.3f}", s.ratio.low, s.ratio.high),
        timed ? times_text(s.latency) : "");
  }
  for (const std::string& note : sheet.notes) fmt::print("  {}\n", note);
}

}  // namespace bench
