// NOPs: what a runtime costs where the kernel does nothing.

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "common/machine.hpp"
#include "common/report.hpp"
#include "nop/engine.hpp"

int main(int argc, char** argv) {
  using namespace bench;
  schedule when;
  std::vector<unsigned> batches{1, 32, 256};
  std::string json_file;
  bool quick = false;
  std::string only;
  std::uint64_t count = 0;
  CLI::App app{"NOPs by every rival, in turn"};
  app.add_option("--batch", batches, "operations in flight")->delimiter(',');
  app.add_option("--rounds", when.rounds);
  app.add_option("--slice", when.slice_seconds, "seconds");
  app.add_option("--json", json_file, "add a line of JSON to this file");
  app.add_flag("--quick", quick, "prove that it works; the figures mean nothing");
  app.add_option("--only", only, "run --count NOPs by this rival and print nothing, for profilers")
      ->check(CLI::IsMember({"hand", "carousel", "timer"}));
  app.add_option("--count", count);
  CLI11_PARSE(app, argc, argv);
  if (quick) when = {.rounds = 1, .slice_seconds = 0.002};
  if (!only.empty()) {
    const timer_set timer = only == "timer" ? timer_set::yes : timer_set::no;
    (only == "hand" ? nops_by_hand(batches.front()) : nops_by_carousel(batches.front(), timer))
        ->run(count);
    return 0;
  }
  pin_to_this_cpu();
  for (const unsigned batch : batches) {
    const auto hand = nops_by_hand(batch);
    const auto inlined = nops_by_inline_hand(batch);
    const auto ours = nops_by_carousel(batch, timer_set::no);
    const auto beside_a_timer = nops_by_carousel(batch, timer_set::yes);
    result_sheet sheet{.workload = "nop",
                       .title = fmt::format("NOP, {} in flight", batch),
                       .pinned = true,
                       .rounds = when.rounds};
    sheet.standings = compare(
        {{"liburing by hand", timed([&](std::uint64_t n) { hand->run(n); })},
         {"liburing, inline system call", timed([&](std::uint64_t n) { inlined->run(n); })},
         {"Carousel", timed([&](std::uint64_t n) { ours->run(n); })},
         {"Carousel, a timer set", timed([&](std::uint64_t n) { beside_a_timer->run(n); })}},
        when);
    print(sheet, json_file);
  }
}
