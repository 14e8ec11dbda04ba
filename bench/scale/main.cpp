// How the rate grows with runtimes, one for each processor, and what many operations that wait for
// something cost those that do not.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "common/report.hpp"
#include "scale/engine.hpp"

namespace {

using namespace bench;

/// Ratios are of the first rival, which does the same number of operations as the others.
void print_compared(
    const std::string& title, unsigned rounds, const std::string& json_file, const schedule& when,
    const std::vector<std::pair<std::string, std::unique_ptr<scale_engine>>>& engines) {
  result_sheet sheet{.workload = "scale", .title = title, .rounds = rounds};
  std::vector<rival> rivals;
  rivals.reserve(engines.size());
  for (const auto& [name, e] : engines)
    rivals.push_back(
        {.name = name, .run = timed([&e = *e](std::uint64_t count) { e.run(count); })});
  sheet.standings = compare(rivals, when);
  print(sheet, json_file);
}

}  // namespace

int main(int argc, char** argv) {
  schedule when{.rounds = 9};
  std::string path;
  std::string json_file;
  bool quick = false;
  const std::vector<unsigned> cpus = cpus_of_this_process();
  std::vector<unsigned> runtimes{1};
  while (runtimes.back() <= cpus.size() / 2) runtimes.push_back(2 * runtimes.back());
  std::vector<std::size_t> waiting{0, 1'000, 10'000, 100'000};
  CLI::App app{"Operations of several runtimes, and of one beside many operations that wait"};
  app.add_option("FILE", path, "FILE-0, FILE-1 ... are made anew, one for each runtime to read")
      ->required();
  app.add_option("--runtimes", runtimes, "how many, each on a processor of its own")
      ->delimiter(',');
  app.add_option("--waiting", waiting, "reads of an empty pipe")->delimiter(',');
  app.add_option("--rounds", when.rounds);
  app.add_option("--slice", when.slice_seconds, "seconds");
  app.add_option("--json", json_file, "add a line of JSON to this file");
  app.add_flag("--quick", quick, "prove that it works; the figures mean nothing");
  CLI11_PARSE(app, argc, argv);
  if (quick) {
    when = {.rounds = 1, .slice_seconds = 0.002};
    waiting = {0, 100};
  }

  const auto by_runtimes = [&](scale_work what) {
    std::vector<std::pair<std::string, std::unique_ptr<scale_engine>>> made;
    made.reserve(runtimes.size());
    for (const unsigned n : runtimes)
      made.emplace_back(fmt::format("{} runtime{}", n, n == 1 ? "" : "s"),
                        runtimes_at_work(what, n, path));
    return made;
  };
  print_compared("NOP, 32 at a time in each runtime", when.rounds, json_file, when,
                 by_runtimes(scale_work::nops));
  print_compared("random reads of 4 KiB, page cache, 32 at a time in each runtime", when.rounds,
                 json_file, when, by_runtimes(scale_work::reads));
  std::vector<std::pair<std::string, std::unique_ptr<scale_engine>>> made;
  made.reserve(waiting.size());
  for (const std::size_t n : waiting)
    made.emplace_back(fmt::format("beside {} reads that wait", n), nops_beside_waiting(n));
  print_compared("NOP, 32 at a time", when.rounds, json_file, when, made);
}
