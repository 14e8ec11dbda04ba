// Messages there and back over sockets, by every rival in turn.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>

#include "common/report.hpp"
#include "socket/exchange.hpp"

int main(int argc, char** argv) {
  using namespace bench;
  std::vector<unsigned> pairs{1, 32};
  std::vector<std::size_t> sizes{64, 4096};
  schedule when;
  std::string json_file;
  bool quick = false;
  const std::map<std::string, std::unique_ptr<exchange_engine> (*)(const exchange&)> rivals{
      {"hand", &exchanges_by_hand},
      {"carousel", &exchanges_by_carousel},
      {"carousel-exact", &exact_exchanges_by_carousel},
      {"epoll", &exchanges_by_epoll},
      {"asio-io-uring", &exchanges_by_asio_io_uring},
      {"asio-epoll", &exchanges_by_asio_epoll}};
  std::string only;
  std::uint64_t count = 0;
  CLI::App app{"Messages there and back over sockets, by every rival in turn"};
  app.add_option("--pairs", pairs, "connections at a time")->delimiter(',');
  app.add_option("--bytes", sizes, "of a message")->delimiter(',');
  app.add_option("--rounds", when.rounds);
  app.add_option("--slice", when.slice_seconds, "seconds");
  app.add_option("--json", json_file, "add a line of JSON to this file");
  app.add_flag("--quick", quick, "prove that it works; the figures mean nothing");
  app.add_option("--only", only,
                 "exchange --count messages by this rival and print nothing, for profilers")
      ->check(CLI::IsMember(rivals));
  app.add_option("--count", count);
  CLI11_PARSE(app, argc, argv);
  if (quick) when = {.rounds = 1, .slice_seconds = 0.002};
  pin_to_this_cpu();
  for (const bool tcp : {true, false}) {
    for (const std::size_t bytes : sizes) {
      for (const unsigned at_a_time : pairs) {
        const exchange what{.tcp = tcp, .bytes = bytes, .pairs = at_a_time};
        if (!only.empty()) {
          rivals.at(only)(what)->run(count);
          continue;
        }
        std::vector<rival> all;
        for (const auto& [name, shown] :
             {std::pair("hand", "liburing by hand"), std::pair("carousel", "Carousel"),
              std::pair("carousel-exact", "Carousel, read_exact and write_all"),
              std::pair("asio-io-uring", "Asio, io_uring"), std::pair("asio-epoll", "Asio, epoll"),
              std::pair("epoll", "epoll by hand")}) {
          const std::shared_ptr<exchange_engine> engine = rivals.at(name)(what);
          all.push_back({shown, timed([engine](std::uint64_t n) { engine->run(n); })});
        }
        result_sheet sheet{
            .workload = "socket",
            .title = fmt::format("messages of {} B there and back, {}, {} at a time", bytes,
                                 tcp ? "TCP over loopback" : "Unix sockets", at_a_time),
            .unit = "round trips/s",
            .pinned = true,
            .rounds = when.rounds};
        sheet.standings = compare(all, when);
        print(sheet, json_file);
      }
    }
  }
}
