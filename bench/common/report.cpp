#include "common/report.hpp"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "common/machine.hpp"

namespace bench {
namespace {

nlohmann::json json_of(const spread& s) {
  return {{"median", s.median}, {"low", s.low}, {"high", s.high}};
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
  const auto row = [&](const auto&... cells) {
    fmt::print("  {:<30}{:>11}{:>11}{:>{}}{:>9}  {}\n", cells...);
  };
  const int machine_width = sheet.pinned ? 0 : 11;
  row("", sheet.unit, "CPU us/op", sheet.pinned ? "" : "all CPUs", machine_width, "ratio",
      "low-high");
  for (const standing& s : sheet.standings) {
    std::string machine;
    if (!sheet.pinned) machine = s.machine_us ? fmt::format("{:.3f}", *s.machine_us) : "-";
    row(s.name, fmt::format("{:.{}f}", s.rate.median, s.rate.median < 100 ? 3 : 0),
        fmt::format("{:.3f}", s.cpu_us), machine, machine_width,
        fmt::format("{:.3f}", s.ratio.median),
        fmt::format("{:.3f}-{:.3f}", s.ratio.low, s.ratio.high));
  }
  for (const std::string& note : sheet.notes) fmt::print("  {}\n", note);
}

}  // namespace bench
