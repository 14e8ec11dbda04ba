#include "bench/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bench/units.hpp"

namespace carousel::tool::bench {
namespace {

/// Claims of one block size that found the same.
struct group {
  std::size_t block_bytes;
  finding found;
  std::string depths;  ///< " at depth 32", or empty when that is said of all depths
  std::vector<spread> ratios;
};

std::vector<group> grouped(std::span<const claim> claims) {
  std::vector<group> groups;
  for (const claim& c : claims) {
    const auto same = [&](const group& g) {
      return g.block_bytes == c.block_bytes && g.found == c.found;
    };
    if (std::ranges::any_of(groups, same)) continue;
    group made{.block_bytes = c.block_bytes, .found = c.found, .depths = {}, .ratios = {}};
    std::vector<std::string> depths;
    std::size_t of_block = 0;
    for (const claim& other : claims) {
      if (other.block_bytes != c.block_bytes) continue;
      ++of_block;
      if (other.found != c.found) continue;
      depths.push_back(std::to_string(other.depth));
      made.ratios.push_back(other.ratio);
    }
    if (depths.size() != of_block) made.depths = " at depth " + enumeration(depths);
    groups.push_back(std::move(made));
  }
  return groups;
}

/// The smallest and the largest of some value of the ratios, as "18" or "18 to 25".
template <class Value>
std::string range_text(const group& g, int decimals, Value value) {
  std::vector<double> all;
  all.reserve(g.ratios.size());
  for (const spread& s : g.ratios) all.push_back(value(s));
  const auto [least, most] = std::ranges::minmax(all);
  const std::string from = fmt::format("{:.{}f}", least, decimals);
  const std::string to = fmt::format("{:.{}f}", most, decimals);
  return from == to ? from : from + " to " + to;
}

double percent_off(const spread& s) { return std::abs(s.median - 1) * 100; }

std::string noise_text(std::span<const spread> ratios) {
  double most = 0;
  for (const spread& s : ratios) most = std::max(most, noise_of(s));
  // Rounded up, but not where only the subtraction of doubles says so.
  return fmt::format("±{:.0f} %", std::ceil(most * 100 - 1e-6));
}

std::string block_text(const group& g) { return size_text(g.block_bytes) + g.depths; }

std::string cpu_text(const group& g, bool first, const char* more) {
  return fmt::format("{} %{}{} per {} read{}", range_text(g, 0, percent_off), more,
                     first ? " CPU" : "", size_text(g.block_bytes), g.depths);
}

std::string rate_text(const group& g, const char* word) {
  const auto times = [](const spread& s) { return s.median; };
  const std::string reads = fmt::format("{} reads{}", size_text(g.block_bytes), g.depths);
  if (std::ranges::all_of(g.ratios, [](const spread& s) { return s.median >= 2; }))
    return fmt::format("{} {} times as fast", reads, range_text(g, 1, times));
  return fmt::format("{} {} % {}", reads, range_text(g, 0, percent_off), word);
}

/// Of the groups that found this, each as text.
template <class Text>
std::string listed(const std::vector<group>& groups, finding found, Text text) {
  std::vector<std::string> parts;
  for (const group& g : groups) {
    if (g.found == found) parts.push_back(text(g, parts.empty()));
  }
  return enumeration(parts);
}

std::string differences(const std::vector<group>& groups, metric of) {
  std::vector<std::string> clauses;
  const auto add = [&](const char* before, const std::string& list, const char* after) {
    if (!list.empty()) clauses.push_back(fmt::format("{}{}{}", before, list, after));
  };
  const auto blocks = [](const group& g, bool) { return block_text(g); };
  if (of == metric::cpu) {
    const auto less = [](const group& g, bool first) { return cpu_text(g, first, ""); };
    const auto more = [](const group& g, bool first) { return cpu_text(g, first, " more"); };
    add("saves ", listed(groups, finding::less, less), " here");
    add("costs ", listed(groups, finding::more, more), " here");
  } else {
    const auto faster = [](const group& g, bool) { return rate_text(g, "faster"); };
    const auto slower = [](const group& g, bool) { return rate_text(g, "slower"); };
    add("makes ", listed(groups, finding::more, faster), "");
    add("makes ", listed(groups, finding::less, slower), "");
  }
  add(of == metric::cpu ? "changes the CPU per read by less than 3 % at "
                        : "changes the rate by less than 3 % at ",
      listed(groups, finding::slight, blocks), "");
  return enumeration(clauses);
}

/// Each block size that shows no difference, with the noise; this is what the program is asked for
/// first.
std::string headline(const std::string& subject, const std::vector<group>& groups) {
  const auto with_noise = [](const group& g, bool) {
    return fmt::format("{} ({})", block_text(g), noise_text(g.ratios));
  };
  const std::string some = differences(groups, metric::cpu);
  const std::string same = listed(groups, finding::none, with_noise);
  const std::string unclear = listed(groups, finding::unclear, with_noise);
  std::string text = subject;
  if (!some.empty()) text += fmt::format(" {}", some);
  if (!same.empty())
    text += some.empty() ? fmt::format(" saves no CPU here that can be told from noise at {}", same)
                         : fmt::format(", and nothing that can be told from noise at {}", same);
  if (unclear.empty()) return text + ".";
  if (some.empty() && same.empty())
    return fmt::format("{} may save CPU here or cost it: noise hides that at {}.", subject,
                       unclear);
  return text + fmt::format("; noise hides what it may do at {}.", unclear);
}

std::string sentence(const std::string& subject, metric of, const std::vector<group>& groups) {
  const std::string some = differences(groups, of);
  std::vector<spread> rest;
  for (const group& g : groups) {
    if (g.found == finding::none || g.found == finding::unclear)
      rest.insert(rest.end(), g.ratios.begin(), g.ratios.end());
  }
  if (some.empty())
    return fmt::format("{} makes no difference to {} that can be told from noise (up to {}).",
                       subject, of == metric::cpu ? "CPU per read" : "the rate", noise_text(rest));
  if (rest.empty()) return fmt::format("{} {}.", subject, some);
  return fmt::format("{} {}; elsewhere no difference can be told from noise (up to {}).", subject,
                     some, noise_text(rest));
}

std::string subject_of(const claim& c) {
  switch (c.about) {
    case question::registration: return "Registration";
    case question::registration_on_huge: return "On huge pages registration";
    case question::huge_pages: break;
  }
  return fmt::format("Reading into huge pages instead of 4 KiB ones, by {} reads,",
                     c.what.how == verb::fixed ? "fixed" : "plain");
}

}  // namespace

std::vector<std::string> verdict(std::span<const claim> claims) {
  std::vector<std::string> paragraphs;
  const auto is_about_registration = [](const claim& c) { return c.about != question::huge_pages; };
  if (std::ranges::none_of(claims, is_about_registration))
    paragraphs.emplace_back("Of registration nothing can be said: there were no fixed reads.");
  if (std::ranges::any_of(claims, [](const claim& c) { return std::isinf(c.ratio.high); })) {
    const unsigned needed = pairs_needed(error_of_all / static_cast<double>(claims.size()));
    paragraphs.push_back(fmt::format(
        "So few rounds cannot tell a difference from chance: --rounds {} would.", needed));
    return paragraphs;
  }
  for (std::size_t i = 0; i < claims.size();) {
    std::size_t end = i;
    while (end < claims.size() && claims[end].about == claims[i].about &&
           claims[end].of == claims[i].of)
      ++end;
    const claim& first = claims[i];
    const auto groups = grouped(claims.subspan(i, end - i));
    const bool cpu = first.of == metric::cpu;
    const std::string subject = cpu ? subject_of(first) : "It";
    if (!cpu)
      paragraphs.back() += fmt::format(" {}", sentence(subject, first.of, groups));
    else
      paragraphs.push_back(first.about == question::registration
                               ? headline(subject, groups)
                               : sentence(subject, first.of, groups));
    i = end;
  }
  return paragraphs;
}

}  // namespace carousel::tool::bench
