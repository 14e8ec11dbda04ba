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
    }
    const nlohmann::json object = {
        {"workload", sheet.workload},
        {"title", sheet.title},
        {"unit", sheet.unit},
        {"cpu", sheet.clock == cpu_clock::process ? "process" : "system"},
        {"pinned", sheet.pinned},
        {"rounds", sheet.rounds},
        {"reference", sheet.standings.front().name},
        {"notes", sheet.notes},
        {"rivals", std::move(rivals)}};
    std::ofstream file(json_file, std::ios::app);
    file << object.dump() << '\n';
    if (!file.flush()) fail(json_file + " cannot be written");
  }
  fmt::print("{} ({} rounds{})\n", sheet.title, sheet.rounds, sheet.pinned ? ", one CPU" : "");
  fmt::print("  {:<28}{:>14}{:>14}{:>9}  {}\n", "", sheet.unit, "CPU us/op", "ratio", "low-high");
  for (const standing& s : sheet.standings) {
    fmt::print("  {:<28}{:>14.{}f}{:>14.3f}{:>9.3f}  {:.3f}-{:.3f}\n", s.name, s.rate.median,
               s.rate.median < 100 ? 3 : 0, s.cpu_us, s.ratio.median, s.ratio.low, s.ratio.high);
  }
  for (const std::string& note : sheet.notes) fmt::print("  {}\n", note);
}

}  // namespace bench
