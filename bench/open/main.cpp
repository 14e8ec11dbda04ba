// Opening, reading and closing small files that are in the page cache, by every rival in turn.

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include <map>
#include <memory>
#include <string>

#include "common/report.hpp"
#include "open/files.hpp"

int main(int argc, char** argv) {
  using namespace bench;
  std::string folder;
  unsigned count = 20'000;
  unsigned depth = 16;
  schedule when;
  std::string json_file;
  bool quick = false;
  std::string only;
  std::uint64_t reads = 0;
  CLI::App app{"Opening, reading and closing small files by every rival, in turn"};
  app.add_option("FOLDER", folder, "where the files are made")
      ->required()
      ->check(CLI::ExistingDirectory);
  app.add_option("--files", count);
  app.add_option("--depth", depth, "files open at a time");
  app.add_option("--rounds", when.rounds);
  app.add_option("--slice", when.slice_seconds, "seconds");
  app.add_option("--json", json_file, "add a line of JSON to this file");
  app.add_flag("--quick", quick, "prove that it works; the figures mean nothing");
  const std::map<std::string, std::unique_ptr<reader> (*)(unsigned)> rivals{
      {"hand", &open_by_hand},
      {"hand-descriptors", &open_by_hand_with_descriptors},
      {"carousel", &open_by_carousel},
      {"carousel-descriptors", &open_by_carousel_with_descriptors}};
  app.add_option("--only", only,
                 "read --count files by this rival and print nothing, for profilers")
      ->check(CLI::IsMember(rivals));
  app.add_option("--count", reads);
  CLI11_PARSE(app, argc, argv);
  if (quick) {
    when = {.rounds = 1, .slice_seconds = 0.002};
    count = 200;
  }
  small_files files(folder, count);
  if (!only.empty()) {
    rivals.at(only)(depth)->run(reads, files);
    return 0;
  }
  pin_to_this_cpu();
  const auto hand = open_by_hand(depth);
  const auto hand_numbered = open_by_hand_with_descriptors(depth);
  const auto ours = open_by_carousel(depth);
  const auto ours_numbered = open_by_carousel_with_descriptors(depth);
  const auto calls = open_by_calls();
  result_sheet sheet{
      .workload = "open",
      .title = fmt::format("open, read 8 KiB, close: {} files, page cache, depth {}", count, depth),
      .unit = "files/s",
      .pinned = true,
      .rounds = when.rounds};
  const auto run = [&](reader& r) { return timed([&](std::uint64_t n) { r.run(n, files); }); };
  sheet.standings = compare({{"liburing by hand", run(*hand)},
                             {"liburing by hand, descriptors", run(*hand_numbered)},
                             {"Carousel, ring_only", run(*ours)},
                             {"Carousel, descriptors", run(*ours_numbered)},
                             {"open, pread, close", run(*calls)}},
                            when);
  print(sheet, json_file);
}
