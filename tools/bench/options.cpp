#include "bench/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <ranges>
#include <string_view>
#include <utility>

#include "common/command_line.hpp"
#include "common/naming.hpp"
#include "common/numbers.hpp"

namespace carousel::tool::bench {
namespace {

constexpr std::size_t sector_bytes = 512;
constexpr std::size_t block_bytes_limit = std::size_t{64} << 20U;
constexpr std::size_t cell_bytes_max = std::size_t{256} << 20U;
constexpr std::size_t list_max = 8;
constexpr unsigned depth_limit = 1024;
constexpr unsigned rounds_min = 3;
constexpr unsigned rounds_max = 1000;
constexpr double seconds_min = 0.1;
constexpr double seconds_max = 86400;

template <class T>
void sort_unique(std::vector<T>& values) {
  std::ranges::sort(values);
  const auto [first, last] = std::ranges::unique(values);
  values.erase(first, last);
}

using list_parts = std::expected<std::vector<std::string_view>, std::string>;

list_parts parts_of(std::string_view list, std::string_view spelt) {
  std::vector<std::string_view> parts;
  for (const auto part : std::views::split(list, ',')) parts.emplace_back(part.begin(), part.end());
  if (parts.empty() || parts.size() > list_max)
    return std::unexpected(fmt::format("{}: {} is no list of 1 to {} numbers with commas", spelt,
                                       shell_quoted(list), list_max));
  return parts;
}

option block_list(std::vector<std::size_t>& blocks) {
  const auto take_blocks = [&blocks](std::string_view value, std::string_view spelt) -> taken {
    const auto parts = parts_of(value, spelt);
    if (!parts) return std::unexpected(parts.error());
    blocks.clear();
    for (const std::string_view part : *parts) {
      const auto bytes = byte_count(part, spelt);
      if (!bytes) return std::unexpected(bytes.error());
      if (*bytes == 0 || *bytes % sector_bytes != 0 || *bytes > block_bytes_limit)
        return std::unexpected(
            fmt::format("{}: {} is not a multiple of 512 up to 64M", spelt, *bytes));
      blocks.push_back(*bytes);
    }
    sort_unique(blocks);
    return {};
  };
  return {"", "block", has_value::yes, "LIST", "bytes of one read [4K,64K,1M]", take_blocks};
}

option depth_list(std::vector<unsigned>& depths) {
  const auto take_depths = [&depths](std::string_view value, std::string_view spelt) -> taken {
    const auto parts = parts_of(value, spelt);
    if (!parts) return std::unexpected(parts.error());
    depths.clear();
    for (const std::string_view part : *parts) {
      const auto depth = number<unsigned>(part, spelt, {1, depth_limit});
      if (!depth) return std::unexpected(depth.error());
      depths.push_back(*depth);
    }
    sort_unique(depths);
    return {};
  };
  return {"", "depth", has_value::yes, "LIST", "reads at a time [1,32]", take_depths};
}

taken settle(options& wanted, const std::vector<std::string>& operands) {
  if (operands.empty()) return std::unexpected("FILE is required: name what to read");
  wanted.path = operands.front();
  if (wanted.cached && wanted.direct) return std::unexpected("--direct excludes --cached");
  if (wanted.blocks.back() * wanted.depths.back() > cell_bytes_max)
    return std::unexpected(
        fmt::format("--depth: {} reads of {} bytes at a time take more than 256 MiB",
                    wanted.depths.back(), wanted.blocks.back()));
  return {};
}

}  // namespace

std::expected<options, int> take_options(int argc, char** argv) {
  options wanted;
  constexpr auto any_seed = bounds<std::uint64_t>{0, std::numeric_limits<std::uint64_t>::max()};
  const tool::command bench{
      "bench",
      "FILE",
      "Says what registered buffers and huge pages do for reads of FILE, a file or a block "
      "device,\n"
      "which is not changed.",
      {flag("", "cached", wanted.cached, "read through the page cache, which is warm"),
       flag("", "direct", wanted.direct,
            "read with O_DIRECT; without either, O_DIRECT where the file system has it"),
       block_list(wanted.blocks), depth_list(wanted.depths),
       number_option<unsigned>("rounds", wanted.rounds, {rounds_min, rounds_max},
                               "turns of each variant; more of them show smaller differences"),
       number_option<double>("seconds", wanted.seconds, {seconds_min, seconds_max},
                             "time to measure, all together"),
       number_option<std::uint64_t>("seed", wanted.seed, any_seed, "of the choice of the blocks"),
       flag("", "json", wanted.json, "report as one JSON object"),
       text("", "plot", "FILE.svg", wanted.plot, "also draw the figures into this SVG file")},
      1};
  const auto operands = take(bench, argc, argv);
  if (!operands) return std::unexpected(operands.error());
  if (const auto done = settle(wanted, *operands); !done)
    return std::unexpected(refuse_usage(bench.name, done.error()));
  return wanted;
}

}  // namespace carousel::tool::bench
