#include "bench/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "bench/svg_plot.hpp"
#include "bench/svg_text.hpp"
#include "bench/text_lines.hpp"
#include "bench/units.hpp"

namespace carousel::tool::bench {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

series steady(variant who, double cpu_us, std::uint64_t reads) {
  series s{.who = who, .rounds = {}, .latency = {}};
  for (int i = 0; i < 15; ++i) {
    s.rounds.push_back({1, cpu_us * static_cast<double>(reads) / 1e6, reads});
    s.latency.add(30'000);
  }
  return s;
}

report example() {
  cell c;
  c.block_bytes = 65536;
  c.depth = 32;
  c.variants = {steady({verb::plain, pages::small}, 8, 16384),
                steady({verb::fixed, pages::small}, 4, 16384)};
  report r;
  r.path = "<a & b>";
  r.file_bytes = 3 << 20U;
  r.file_system = "ext4";
  r.kernel = "6.18";
  r.cpus = 2;
  r.rounds = 15;
  r.cells = {c};
  r.claims = compare(r.cells);
  r.notes = {"a note"};
  r.verdict = {"Registration saves 50 % CPU (±1 %).", "More."};
  return r;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

TEST(bench_text, has_the_figures_the_ratios_and_the_verdict) {
  const std::string text = text_of(example(), {100, true});
  EXPECT_THAT(text,
              HasSubstr("'<a & b>': 3 MiB on ext4, through the page cache; Linux 6.18, 2 CPUs"));
  EXPECT_THAT(text, HasSubstr("64 KiB, depth 32"));
  EXPECT_THAT(text, testing::ContainsRegex("plain, 4 KiB pages +16 384 +1.00 +8.00 +30.0"));
  EXPECT_THAT(text, HasSubstr("fixed/plain    CPU 0.50 [0.50 0.50] less"));
  EXPECT_THAT(text, HasSubstr("note: a note\n"));
  EXPECT_THAT(text, HasSubstr("Verdict: Registration saves 50 % CPU (±1 %).\n\nMore.\n"));
}

TEST(bench_text, a_bar_is_as_long_as_its_figure) {
  const std::string text = text_of(example(), {100, true});
  std::size_t longest = 0;
  std::size_t shortest = 1000;
  for (const std::string& line : lines(text)) {
    const std::size_t at = line.find("█");
    if (at == std::string::npos) continue;
    longest = std::max(longest, columns_of(line.substr(at)));
    shortest = std::min(shortest, columns_of(line.substr(at)));
  }
  EXPECT_GT(longest, 7U);
  EXPECT_EQ(shortest, (longest + 1) / 2);
}

TEST(bench_text, the_table_keeps_to_the_page) {
  for (const unsigned columns : {40U, 60U, 80U, 100U, 160U}) {
    for (const std::string& line : lines(text_of(example(), {columns, true}))) {
      if (line.find('[') == std::string::npos) {
        EXPECT_LE(columns_of(line), columns) << line;
      }
    }
  }
}

TEST(bench_text, the_narrower_the_page_the_fewer_columns) {
  EXPECT_THAT(text_of(example(), {160, true}), HasSubstr("max µs"));
  EXPECT_THAT(text_of(example(), {80, true}),
              AllOf(HasSubstr("CPU µs"), HasSubstr("p99 µs"), Not(HasSubstr("max µs"))));
  EXPECT_THAT(text_of(example(), {40, true}), AllOf(HasSubstr("reads/s"), Not(HasSubstr("p50"))));
}

TEST(bench_text, a_terminal_without_utf8_gets_ascii) {
  const std::string text = text_of(example(), {100, false});
  for (const char c : text) ASSERT_LT(static_cast<unsigned char>(c), 0x80U);
  EXPECT_THAT(text, AllOf(HasSubstr("CPU us"), HasSubstr("####"), HasSubstr("(+-1 %)")));
}

TEST(bench_svg, shows_every_variant_and_escapes_names) {
  const std::string svg = svg_of(example());
  EXPECT_THAT(svg, HasSubstr("&lt;a &amp; b&gt;"));
  EXPECT_THAT(svg, Not(HasSubstr("<a &")));
  EXPECT_THAT(svg, HasSubstr("<title>fixed, 4 KiB pages: 4.00 (4.00 to 4.00)</title>"));
  EXPECT_THAT(svg, HasSubstr("<title>plain, 4 KiB pages: 1.00 (1.00 to 1.00)</title>"));
  EXPECT_THAT(svg, HasSubstr(">64 KiB, depth 32</text>"));
}

TEST(bench_svg, what_xml_cannot_have_is_replaced) {
  EXPECT_EQ(svg_escaped("a<b>&\"'\x01\xef\xbf\xbf"
                        "µ"),
            "a&lt;b&gt;&amp;&quot;&#39;??µ");
}

TEST(bench_units, sizes_and_numbers_are_short) {
  EXPECT_EQ(size_text(1), "1 byte");
  EXPECT_EQ(size_text(700), "700 bytes");
  EXPECT_EQ(size_text(4096), "4 KiB");
  EXPECT_EQ(size_text(3 << 19U), "1.5 MiB");
  EXPECT_EQ(number_text(0.0434), "0.043");
  EXPECT_EQ(number_text(5.314), "5.31");
  EXPECT_EQ(number_text(12.34), "12.3");
  EXPECT_EQ(number_text(1234567.0), "1 234 567");
}

TEST(bench_units, enumerations_read_as_sentences_do) {
  using strings = std::vector<std::string>;
  EXPECT_EQ(enumeration(strings{}), "");
  EXPECT_EQ(enumeration(strings{"a"}), "a");
  EXPECT_EQ(enumeration(strings{"a", "b"}), "a and b");
  EXPECT_EQ(enumeration(strings{"a", "b", "c"}), "a, b and c");
}

}  // namespace
}  // namespace carousel::tool::bench
