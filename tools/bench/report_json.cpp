#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "bench/page_kind.hpp"
#include "bench/report.hpp"

namespace carousel::tool::bench {
namespace {

using nlohmann::json;

const char* word(verb how) { return how == verb::plain ? "plain" : "fixed"; }
const char* word(pages on) { return on == pages::small ? "4 KiB" : "huge"; }

const char* word(question about) {
  switch (about) {
    case question::registration: return "registration";
    case question::registration_on_huge: return "registration on huge pages";
    case question::huge_pages: return "huge pages";
  }
  return "";
}

const char* word(finding found) {
  switch (found) {
    case finding::less: return "less";
    case finding::more: return "more";
    case finding::slight: return "slight";
    case finding::none: return "none";
    case finding::unclear: return "unclear";
  }
  return "";
}

/// No number where there are no bounds.
json number(double value) { return std::isfinite(value) ? json(value) : json(); }

json object(const spread& s) { return {{"low", s.low}, {"median", s.median}, {"high", s.high}}; }

json latencies(const latency_histogram& h) {
  const auto us = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e3; };
  return {{"p50", us(h.percentile_ns(0.5))},
          {"p90", us(h.percentile_ns(0.9))},
          {"p99", us(h.percentile_ns(0.99))},
          {"p99.9", us(h.percentile_ns(0.999))},
          {"max", us(h.max_ns())}};
}

json object(const series& s, std::size_t block_bytes) {
  constexpr double gib = 1U << 30U;
  const std::vector<double> rate = values(s, metric::rate);
  std::vector<double> gib_per_second(rate.size());
  std::ranges::transform(rate, gib_per_second.begin(), [&](double reads) {
    return reads * static_cast<double>(block_bytes) / gib;
  });
  auto rounds = json::array();
  for (const slice_figures& f : s.rounds)
    rounds.push_back({{"reads", f.reads}, {"seconds", f.seconds}, {"cpu_seconds", f.cpu_seconds}});
  return {{"read", word(s.who.how)},
          {"pages", word(s.who.on)},
          {"reads", s.latency.count()},
          {"reads_per_second", object(quartiles(rate))},
          {"gib_per_second", object(quartiles(std::move(gib_per_second)))},
          {"cpu_us_per_read", object(quartiles(values(s, metric::cpu)))},
          {"latency_us", latencies(s.latency)},
          {"rounds", std::move(rounds)}};
}

json object(const claim& c) {
  return {{"about", word(c.about)},
          {"block_bytes", c.block_bytes},
          {"depth", c.depth},
          {"figure", c.of == metric::cpu ? "cpu_us_per_read" : "reads_per_second"},
          {"what", name_of(c.what)},
          {"with", name_of(c.with)},
          {"ratio", c.ratio.median},
          {"low", number(c.ratio.low)},
          {"high", number(c.ratio.high)},
          {"finding", word(c.found)}};
}

}  // namespace

json object_of(const report& r) {
  auto cells = json::array();
  for (const cell& c : r.cells) {
    auto variants = json::array();
    for (const series& s : c.variants) variants.push_back(object(s, c.block_bytes));
    cells.push_back({{"block_bytes", c.block_bytes},
                     {"depth", c.depth},
                     {"depth_wanted", c.depth_wanted},
                     {"blocks", c.blocks},
                     {"slice_seconds", c.slice_seconds},
                     {"variants", std::move(variants)}});
  }
  auto claims = json::array();
  for (const claim& c : r.claims) claims.push_back(object(c));
  return {{"file",
           {{"path", r.path},
            {"bytes", r.file_bytes},
            {"file_system", r.file_system},
            {"direct", r.direct}}},
          {"machine", {{"kernel", r.kernel}, {"cpus", r.cpus}}},
          {"rounds", r.rounds},
          {"seed", r.seed},
          {"notes", r.notes},
          {"cells", std::move(cells)},
          {"comparisons", std::move(claims)},
          {"verdict", fmt::format("{}", fmt::join(r.verdict, " "))}};
}

}  // namespace carousel::tool::bench
