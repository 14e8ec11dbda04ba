#include "bench/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

namespace carousel::tool::bench {
namespace {

constexpr std::size_t sector_bytes = 512;
constexpr std::size_t block_bytes_max = std::size_t{64} << 20U;
constexpr std::size_t cell_bytes_max = std::size_t{256} << 20U;
constexpr int list_max = 8;
constexpr unsigned depth_max = 1024;
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

void settle(options& wanted) {
  sort_unique(wanted.blocks);
  sort_unique(wanted.depths);
  for (const std::size_t bytes : wanted.blocks) {
    if (bytes == 0 || bytes % sector_bytes != 0 || bytes > block_bytes_max)
      throw CLI::ValidationError("--block",
                                 fmt::format("{} is not a multiple of 512 up to 64M", bytes));
  }
  const std::size_t most = wanted.blocks.back() * wanted.depths.back();
  if (most > cell_bytes_max)
    throw CLI::ValidationError("--depth",
                               fmt::format("{} reads of {} bytes at a time take more than 256 MiB",
                                           wanted.depths.back(), wanted.blocks.back()));
}

}  // namespace

void add_options(CLI::App& command, options& wanted) {
  command.add_option("FILE", wanted.path, "a file or a block device; it is only read")->required();
  auto* cached =
      command.add_flag("--cached", wanted.cached, "read through the page cache, which is warm");
  command
      .add_flag("--direct", wanted.direct,
                "read with O_DIRECT; without either, O_DIRECT where the file system has it")
      ->excludes(cached);
  command.add_option("--block", wanted.blocks, "bytes of one read, as 4K,64K,1M")
      ->delimiter(',')
      ->expected(1, list_max)
      ->transform(CLI::AsSizeValue(false))
      ->default_str("4K,64K,1M");
  command.add_option("--depth", wanted.depths, "reads at a time")
      ->delimiter(',')
      ->expected(1, list_max)
      ->check(CLI::Range(1U, depth_max))
      ->default_str("1,32");
  command
      .add_option("--rounds", wanted.rounds,
                  "turns of each variant; more of them show smaller differences")
      ->check(CLI::Range(rounds_min, rounds_max))
      ->capture_default_str();
  command.add_option("--seconds", wanted.seconds, "time to measure, all together")
      ->check(CLI::Range(seconds_min, seconds_max))
      ->capture_default_str();
  command.add_option("--seed", wanted.seed, "of the choice of the blocks")->capture_default_str();
  command.add_flag("--json", wanted.json, "report as one JSON object");
  command.add_option("--plot", wanted.plot, "also draw the figures into this SVG file");
  command.final_callback([&wanted] { settle(wanted); });
}

}  // namespace carousel::tool::bench
