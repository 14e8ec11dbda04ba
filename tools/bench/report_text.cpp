#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string_view>
#include <utility>

#include "bench/page_kind.hpp"
#include "bench/report.hpp"
#include "bench/text_lines.hpp"
#include "bench/units.hpp"
#include "common/naming.hpp"

namespace carousel::tool::bench {
namespace {

constexpr std::size_t bar_min = 8;
constexpr std::size_t bar_max = 40;
constexpr unsigned columns_min = 40;

double median(const series& s, metric of) { return quartiles(values(s, of)).median; }

/// A bar of eighths of a column.
std::string bar(double part, std::size_t width) {
  constexpr std::array<const char*, 8> eighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto filled = static_cast<std::size_t>(std::lround(part * static_cast<double>(width) * 8));
  std::string text;
  for (std::size_t i = 0; i < filled / 8; ++i) text += "█";
  return text + eighths.at(filled % 8);
}

std::string latency_text(const series& s, double part) {
  return number_text(static_cast<double>(s.latency.percentile_ns(part)) / 1e3);
}

struct column {
  const char* title;
  std::size_t width;
  unsigned rank;  ///< the columns of the lowest ranks are there as far as the page is wide
  std::string (*value)(const series&, std::size_t block_bytes);
};

constexpr std::array<column, 8> columns = {{
    {"reads/s", 10, 0,
     [](const series& s, std::size_t) { return number_text(median(s, metric::rate)); }},
    {"GiB/s", 7, 2,
     [](const series& s, std::size_t block_bytes) {
       constexpr double gib = 1U << 30U;
       return number_text(median(s, metric::rate) * static_cast<double>(block_bytes) / gib);
     }},
    {"CPU µs", 8, 1,
     [](const series& s, std::size_t) { return number_text(median(s, metric::cpu)); }},
    {"p50 µs", 8, 3, [](const series& s, std::size_t) { return latency_text(s, 0.5); }},
    {"p90 µs", 8, 6, [](const series& s, std::size_t) { return latency_text(s, 0.9); }},
    {"p99 µs", 8, 4, [](const series& s, std::size_t) { return latency_text(s, 0.99); }},
    {"p99.9 µs", 9, 5, [](const series& s, std::size_t) { return latency_text(s, 0.999); }},
    {"max µs", 9, 7, [](const series& s, std::size_t) { return latency_text(s, 1); }},
}};
constexpr std::size_t name_width = 20;

/// How the page is divided: the columns up to a rank, and what is left for bars, perhaps nothing.
struct layout {
  unsigned ranks = 0;
  std::size_t bar = 0;

  explicit layout(std::size_t page_width) noexcept {
    std::size_t used = name_width;
    for (; ranks < columns.size(); ++ranks) {
      const auto* next = std::ranges::find(columns, ranks, &column::rank);
      if (used + next->width + bar_min > page_width) break;
      used += next->width;
    }
    if (used + bar_min <= page_width) bar = std::min(page_width - used - 2, bar_max);
  }
};

const char* short_word(finding found) {
  switch (found) {
    case finding::less: return "less";
    case finding::more: return "more";
    case finding::slight: return "under 3 %";
    case finding::none: return "same";
    case finding::unclear: return "noise";
  }
  return "";
}

const char* name_of(question about) {
  switch (about) {
    case question::registration: return "fixed/plain";
    case question::registration_on_huge: return "same on huge";
    case question::huge_pages: return "huge/4 KiB";
  }
  return "";
}

void add_claims(std::string& text, const report& r, const cell& c) {
  std::string line;
  const claim* before = nullptr;
  const auto end_line = [&] {
    if (before == nullptr) return;
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  };
  for (const claim& each : r.claims) {
    if (each.block_bytes != c.block_bytes || each.depth != c.depth) continue;
    if (before == nullptr || before->about != each.about) {
      end_line();
      line = fmt::format("  {:13}", name_of(each.about));
    }
    before = &each;
    line += fmt::format("  {} {:.2f} [{:.2f} {:.2f}] {:9}", each.of == metric::cpu ? "CPU" : "rate",
                        each.ratio.median, each.ratio.low, each.ratio.high, short_word(each.found));
  }
  end_line();
}

void add_cell(std::string& text, const report& r, const cell& c, std::size_t page_width) {
  const layout on(page_width);
  text += fmt::format("\n{:{}}", fmt::format("{}, depth {}", size_text(c.block_bytes), c.depth),
                      name_width);
  for (const column& each : columns) {
    if (each.rank < on.ranks) text += fmt::format("{:>{}}", each.title, each.width);
  }
  text += on.bar != 0 ? "  CPU\n" : "\n";
  double most = 0;
  for (const series& s : c.variants) most = std::max(most, median(s, metric::cpu));
  for (const series& s : c.variants) {
    text += fmt::format("  {:{}}", name_of(s.who), name_width - 2);
    for (const column& each : columns) {
      if (each.rank < on.ranks)
        text += fmt::format("{:>{}}", each.value(s, c.block_bytes), each.width);
    }
    if (on.bar != 0) text += fmt::format("  {}", bar(median(s, metric::cpu) / most, on.bar));
    text += '\n';
  }
  add_claims(text, r, c);
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
  for (const std::string& note : r.notes)
    text += fmt::format("\n{}", wrapped(fmt::format("note: {}", note), width));
  for (const std::string& said : r.verdict) {
    text += '\n';
    text += wrapped(&said == r.verdict.data() ? fmt::format("Verdict: {}", said) : said, width);
  }
  return on.utf8 ? text : in_ascii(text);
}

}  // namespace carousel::tool::bench
