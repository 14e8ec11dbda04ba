// A word to another thread and one back: what it costs to wake a runtime.

#include <CLI/CLI.hpp>

#include "common/report.hpp"
#include "remote/engine.hpp"

int main(int argc, char** argv) {
  using namespace bench;
  schedule when;
  std::string json_file;
  bool quick = false;
  CLI::App app{"A word to another thread and one back, by every rival in turn"};
  app.add_option("--rounds", when.rounds);
  app.add_option("--slice", when.slice_seconds, "seconds");
  app.add_option("--json", json_file, "add a line of JSON to this file");
  app.add_flag("--quick", quick, "prove that it works; the figures mean nothing");
  CLI11_PARSE(app, argc, argv);
  if (quick) when = {.rounds = 1, .slice_seconds = 0.002};
  const auto bare = pings_by_eventfd();
  const auto ring = pings_by_ring();
  const auto post = pings_by_post(std::chrono::microseconds(0));
  const auto spinning = pings_by_post(std::chrono::microseconds(50));
  const auto channel = pings_by_channel();
  result_sheet sheet{.workload = "remote",
                     .title = "a word to another thread and back",
                     .unit = "round trips/s",
                     .rounds = when.rounds};
  sheet.standings =
      compare({{"eventfd, read and write", timed([&](std::uint64_t n) { bare->run(n); })},
               {"eventfd, read in a ring", timed([&](std::uint64_t n) { ring->run(n); })},
               {"Carousel, post", timed([&](std::uint64_t n) { post->run(n); })},
               {"Carousel, post, spins 50 us", timed([&](std::uint64_t n) { spinning->run(n); })},
               {"Carousel, remote_channel", timed([&](std::uint64_t n) { channel->run(n); })}},
              when);
  print(sheet, json_file);
}
