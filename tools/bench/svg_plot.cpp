#include "bench/svg_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "bench/page_kind.hpp"
#include "bench/statistics.hpp"
#include "bench/svg_text.hpp"
#include "bench/text_lines.hpp"
#include "bench/units.hpp"

namespace carousel::tool::bench {
namespace {

// All in pixels.
constexpr double margin = 24;
constexpr double panel_width = 168;
constexpr double axis_width = 46;
constexpr double plot_height = 150;
constexpr double panel_height = plot_height + 44;
constexpr double line_height = 18;
constexpr double paragraph_gap = 5;
constexpr std::size_t panels_per_band = 6;
constexpr std::size_t panels_wide_min = 4;  ///< room for the title
constexpr double bar_gap = 4;

constexpr std::array<variant, 4> all_variants = {{{verb::plain, pages::small},
                                                  {verb::fixed, pages::small},
                                                  {verb::plain, pages::huge},
                                                  {verb::fixed, pages::huge}}};
// The hue says the pages and the shade says the operation, which also tells in grey.
constexpr std::array<const char*, 4> colours = {"#9ecae1", "#2171b5", "#fdc086", "#d94801"};

std::size_t place_of(variant v) {
  return static_cast<std::size_t>(std::ranges::find(all_variants, v) - all_variants.begin());
}

/// A step of 1, 2 or 5 times a power of ten, of which at most five reach the top.
double step_for(double top) {
  const double power = std::pow(10, std::floor(std::log10(top / 5)));
  for (const double times : {1.0, 2.0, 5.0}) {
    if (power * times * 5 >= top) return power * times;
  }
  return power * 10;
}

std::string tick_text(double value, double step) {
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  return fmt::format("{:.{}f}", value, decimals);
}

/// The figures of one panel, in its unit.
struct panel {
  const cell& of;
  metric shown;
  double scale;  ///< from the metric to the unit

  [[nodiscard]] spread figure(const series& s) const {
    const spread q = quartiles(values(s, shown));
    return {q.low * scale, q.median * scale, q.high * scale};
  }
  [[nodiscard]] double top() const {
    double most = 0;
    for (const series& s : of.variants) most = std::max(most, figure(s).high);
    return most;
  }
};

void draw_axis(std::string& out, svg_point at, double top, double step) {
  for (double value = 0; value <= top * 1.0001; value += step) {
    const double y = at.y + plot_height * (1 - value / top);
    out += fmt::format("<line x1='{:.1f}' y1='{:.1f}' x2='{:.1f}' y2='{:.1f}' class='{}'/>\n",
                       at.x + axis_width, y, at.x + panel_width - bar_gap, y,
                       value == 0 ? "axis" : "grid");
    out += svg_text({at.x + axis_width - 6, y + 4}, tick_text(value, step), "tick", "end");
  }
}

void draw_panel(std::string& out, svg_point at, const panel& p) {
  const double step = step_for(p.top() * 1.08);
  const double top = std::ceil(p.top() * 1.08 / step) * step;
  draw_axis(out, at, top, step);
  const double room = panel_width - axis_width - 2 * bar_gap;
  const double width = room / static_cast<double>(all_variants.size()) - bar_gap;
  for (const series& s : p.of.variants) {
    const spread f = p.figure(s);
    const double x =
        at.x + axis_width + bar_gap + static_cast<double>(place_of(s.who)) * (width + bar_gap);
    const auto y = [&](double value) { return at.y + plot_height * (1 - value / top); };
    out += fmt::format(
        "<rect x='{:.1f}' y='{:.1f}' width='{:.1f}' height='{:.1f}' fill='{}'><title>{}: {} ({} to "
        "{})</title></rect>\n",
        x, y(f.median), width, at.y + plot_height - y(f.median), colours.at(place_of(s.who)),
        svg_escaped(name_of(s.who)), number_text(f.median), number_text(f.low),
        number_text(f.high));
    const double middle = x + width / 2;
    out += fmt::format(
        "<path d='M{0:.1f} {2:.1f}V{3:.1f}M{1:.1f} {2:.1f}h6M{1:.1f} {3:.1f}h6' class='spread'/>\n",
        middle, middle - 3, y(f.low), y(f.high));
    out += svg_text({middle, at.y + plot_height + 14}, number_text(f.median), "value", "middle");
  }
}

void draw_legend(std::string& out, svg_point at) {
  for (std::size_t i = 0; i < all_variants.size(); ++i) {
    out += fmt::format("<rect x='{:.1f}' y='{:.1f}' width='12' height='12' fill='{}'/>\n", at.x,
                       at.y - 10, colours.at(i));
    out += svg_text({at.x + 18, at.y}, name_of(all_variants.at(i)), "label", "start");
    at.x += 150;
  }
}

void draw_band(std::string& out, svg_point at, std::span<const cell> cells) {
  constexpr double gib = 1U << 30U;
  const double first = at.y + 24;
  const double second = first + panel_height;
  out += svg_text({at.x, first - 8}, "CPU µs per read", "label", "start");
  out += svg_text({at.x, second - 8}, "GiB/s", "label", "start");
  for (const cell& c : cells) {
    out +=
        svg_text({at.x + axis_width + (panel_width - axis_width) / 2, at.y - 4},
                 fmt::format("{}, depth {}", size_text(c.block_bytes), c.depth), "head", "middle");
    draw_panel(out, {at.x, first}, {c, metric::cpu, 1});
    draw_panel(out, {at.x, second}, {c, metric::rate, static_cast<double>(c.block_bytes) / gib});
    at.x += panel_width;
  }
}

constexpr std::string_view style =
    "<style>text{font-family:'DejaVu Sans',Helvetica,Arial,sans-serif;font-size:12px;fill:#222}"
    ".title{font-size:17px;font-weight:bold}.head{font-size:13px;font-weight:bold}"
    ".tick{font-size:10px;fill:#555}.value{font-size:9px}.label{fill:#333}"
    ".axis{stroke:#444;stroke-width:1}.grid{stroke:#e3e3e3;stroke-width:1}"
    ".spread{stroke:#222;stroke-width:1;fill:none}</style>\n";

}  // namespace

std::string svg_of(const report& r) {
  const std::size_t across = std::clamp(r.cells.size(), panels_wide_min, panels_per_band);
  const double width = 2 * margin + panel_width * static_cast<double>(across);
  const double band_height = 2 * panel_height + 50;
  constexpr double character_width = 6.6;
  const auto characters = static_cast<std::size_t>((width - 2 * margin) / character_width);

  std::string body;
  body += svg_text({margin, 34}, "Plain and fixed reads, on 4 KiB pages and on huge pages", "title",
                   "start");
  double y = 56;
  for (const std::string& line : lines_of(heading(r), characters)) {
    body += svg_text({margin, y}, line, "label", "start");
    y += line_height;
  }
  y += 10;
  draw_legend(body, {margin, y});
  y += 40;
  for (std::size_t i = 0; i < r.cells.size(); i += panels_per_band) {
    const std::size_t count = std::min(panels_per_band, r.cells.size() - i);
    draw_band(body, {margin, y}, std::span(r.cells).subspan(i, count));
    y += band_height;
  }
  y -= 8;
  std::vector<std::string> paragraphs = {
      fmt::format("Bars: medians of {} rounds; lines: their quartiles.", r.rounds)};
  paragraphs.insert(paragraphs.end(), r.notes.begin(), r.notes.end());
  paragraphs.insert(paragraphs.end(), r.verdict.begin(), r.verdict.end());
  for (const std::string& paragraph : paragraphs) {
    for (const std::string& line : lines_of(paragraph, characters)) {
      body += svg_text({margin, y}, line, "label", "start");
      y += line_height;
    }
    y += paragraph_gap;
  }
  return fmt::format(
             "<?xml version='1.0' encoding='UTF-8'?>\n<svg xmlns='http://www.w3.org/2000/svg' "
             "width='{0:.0f}' height='{1:.0f}' viewBox='0 0 {0:.0f} "
             "{1:.0f}'>\n<title>{2}</title>\n",
             width, y + margin / 2, svg_escaped(heading(r))) +
         std::string(style) + "<rect width='100%' height='100%' fill='white'/>\n" + body +
         "</svg>\n";
}

}  // namespace carousel::tool::bench
