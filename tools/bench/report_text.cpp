#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include "bench/page_kind.hpp"
#include "bench/report.hpp"
#include "bench/text_lines.hpp"
#include "bench/units.hpp"
#include "naming.hpp"

namespace carousel::tool::bench {
namespace {

constexpr std::size_t bar_min = 8;
constexpr std::size_t bar_max = 40;
constexpr unsigned columns_min = 40;

double median(const series& s, metric of) { return quartiles(values(s, of)).median; }

/// A bar of eighths of a column.
std::string bar(double part, std::size_t width) {
  constexpr std::array<const char*, 8> eighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto filled = static_cast<std::size_t>(part * static_cast<double>(width) * 8 + 0.5);
  std::string text;
  for (std::size_t i = 0; i < filled / 8; ++i) text += "█";
  return text + eighths.at(filled % 8);
}

struct column {
  const char* title;
  std::size_t width;
  std::string (*value)(const series&, std::size_t block_bytes);
};

std::string latency_text(const series& s, double part) {
  return number_text(static_cast<double>(s.latency.percentile_ns(part)) / 1e3);
}

// The most wanted first: a narrow page has no room for the rest.
constexpr std::array<column, 8> columns = {{
    {"reads/s", 10,
     [](const series& s, std::size_t) { return number_text(median(s, metric::rate)); }},
    {"CPU µs", 9, [](const series& s, std::size_t) { return number_text(median(s, metric::cpu)); }},
    {"GiB/s", 8,
     [](const series& s, std::size_t block_bytes) {
       constexpr double gib = 1U << 30U;
       return number_text(median(s, metric::rate) * static_cast<double>(block_bytes) / gib);
     }},
    {"p50 µs", 9, [](const series& s, std::size_t) { return latency_text(s, 0.5); }},
    {"p99 µs", 9, [](const series& s, std::size_t) { return latency_text(s, 0.99); }},
    {"p90 µs", 9, [](const series& s, std::size_t) { return latency_text(s, 0.9); }},
    {"p99.9 µs", 10, [](const series& s, std::size_t) { return latency_text(s, 0.999); }},
    {"max µs", 10,
     [](const series& s, std::size_t) {
       return number_text(static_cast<double>(s.latency.max_ns()) / 1e3);
     }},
}};
constexpr std::size_t name_width = 20;

const char* word(finding found) {
  switch (found) {
    case finding::less: return "less";
    case finding::more: return "more";
    case finding::slight: return "under 3 %";
    case finding::none: return "no difference beyond noise";
    case finding::unclear: return "lost in noise";
  }
  return "";
}

std::string claim_line(const claim& c) {
  const char* const what = c.about == question::registration           ? "fixed / plain"
                           : c.about == question::registration_on_huge ? "the same, huge pages"
                                                                       : "huge / 4 KiB pages";
  return fmt::format("  {:21}{} {:.2f} [{:.2f} to {:.2f}]: {}\n", what,
                     c.of == metric::cpu ? "CPU" : "rate", c.ratio.median, c.ratio.low,
                     c.ratio.high, word(c.found));
}

void add_cell(std::string& text, const report& r, const cell& c, unsigned width) {
  std::size_t shown = 0;
  std::size_t used = name_width;
  while (shown < columns.size() && used + columns.at(shown).width + bar_min + 2 <= width)
    used += columns.at(shown++).width;
  // What does not get a bar may still get the columns.
  while (shown < columns.size() && used + columns.at(shown).width <= width &&
         width < used + bar_min)
    used += columns.at(shown++).width;
  const std::size_t bar_width = width > used + bar_min ? std::min(width - used - 2, bar_max) : 0;

  text += fmt::format("\n{} at depth {}\n{:{}}", size_text(c.block_bytes), c.depth, "", name_width);
  for (std::size_t i = 0; i < shown; ++i)
    text += fmt::format("{:>{}}", columns.at(i).title, columns.at(i).width);
  text += bar_width != 0 ? "  CPU\n" : "\n";
  double most = 0;
  for (const series& s : c.variants) most = std::max(most, median(s, metric::cpu));
  for (const series& s : c.variants) {
    text += fmt::format("  {:{}}", name_of(s.who), name_width - 2);
    for (std::size_t i = 0; i < shown; ++i)
      text += fmt::format("{:>{}}", columns.at(i).value(s, c.block_bytes), columns.at(i).width);
    if (bar_width != 0) text += fmt::format("  {}", bar(median(s, metric::cpu) / most, bar_width));
    text += '\n';
  }
  for (const claim& each : r.claims) {
    if (each.block_bytes == c.block_bytes && each.depth == c.depth) text += claim_line(each);
  }
}

std::string wrapped(std::string_view text, std::size_t width) {
  return fmt::format("{}\n", fmt::join(lines_of(text, width), "\n"));
}

std::string in_ascii(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 10> instead = {{{"█", "#"},
                                                                                      {"▉", "#"},
                                                                                      {"▊", "#"},
                                                                                      {"▋", "#"},
                                                                                      {"▌", "#"},
                                                                                      {"▍", ""},
                                                                                      {"▎", ""},
                                                                                      {"▏", ""},
                                                                                      {"µ", "u"},
                                                                                      {"±", "+-"}}};
  std::string plain;
  while (!text.empty()) {
    const auto* found = std::ranges::find_if(
        instead, [&](const auto& pair) { return text.starts_with(pair.first); });
    const bool replaced = found != instead.end();
    plain += replaced ? found->second : text.substr(0, 1);
    text.remove_prefix(replaced ? found->first.size() : 1);
  }
  return plain;
}

}  // namespace

std::string heading(const report& r) {
  return fmt::format("{}: {} on {}, {}; Linux {}, {} CPUs", shell_quoted(r.path),
                     size_text(r.file_bytes), r.file_system,
                     r.direct ? "O_DIRECT" : "through the page cache", r.kernel, r.cpus);
}

std::string text_of(const report& r, page on) {
  const unsigned width = std::max(on.columns, columns_min);
  std::string text = wrapped(heading(r), width);
  for (const cell& c : r.cells) add_cell(text, r, c, width);
  text += '\n';
  text +=
      wrapped(fmt::format("Medians of {} rounds in which the variants took turns; ratios of the "
                          "same round, with the bounds of the true median. CPU: µs of the "
                          "process per read, its kernel workers included.",
                          r.rounds),
              width);
  for (const std::string& note : r.notes) text += fmt::format("\n{}", wrapped(fmt::format("note: {}", note), width));
  text += '\n';
  text += wrapped(fmt::format("Verdict: {}", fmt::join(r.verdict, " ")), width);
  return on.utf8 ? text : in_ascii(text);
}

}  // namespace carousel::tool::bench
