#include "bench/command.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "bench/measure.hpp"
#include "bench/plot_file.hpp"
#include "bench/report.hpp"
#include "bench/subject.hpp"
#include "bench/svg_plot.hpp"
#include "bench/units.hpp"
#include "bench/verdict.hpp"
#include "common/interruption.hpp"
#include "common/make_runtime.hpp"
#include "common/memlock.hpp"
#include "common/output.hpp"

namespace carousel::tool::bench {
namespace {

constexpr int failed = 1;
constexpr int cannot_start = 2;

int refuse(std::string_view why, int status = failed) {
  complain(why);
  return status;
}

access access_of(const options& wanted) noexcept {
  if (wanted.cached) return access::cached;
  return wanted.direct ? access::direct : access::whatever;
}

std::string kernel_release() {
  utsname name{};
  return ::uname(&name) == 0 ? static_cast<const char*>(name.release) : "unknown";
}

unsigned cpus_allowed() noexcept {
  cpu_set_t allowed;
  return ::sched_getaffinity(0, sizeof allowed, &allowed) == 0
             ? static_cast<unsigned>(CPU_COUNT(&allowed))
             : 1;
}

bool speaks_utf8() {
  // NOLINTBEGIN(concurrency-mt-unsafe)
  for (const char* const name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* const value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    std::string lower(value);
    std::ranges::transform(lower, lower.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    return lower.ends_with("utf-8") || lower.ends_with("utf8");
  }
  // NOLINTEND(concurrency-mt-unsafe)
  return false;
}

page page_of_stdout() {
  constexpr unsigned columns_usual = 100;
  winsize size{};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0;
  return {known ? size.ws_col : columns_usual, speaks_utf8()};
}

/// What the figures shall be read with, besides what measuring them had to say.
std::vector<std::string> notes_about(const subject& of) {
  std::vector<std::string> notes;
  if (!of.remark().empty()) notes.push_back(of.remark());
  if (of.direct() && of.hole_bytes() != 0)
    notes.push_back(
        fmt::format("{} of the file take no storage: reads of holes ask no device for anything",
                    size_text(of.hole_bytes())));
#ifndef __OPTIMIZE__
  notes.emplace_back(
      "this program was built without optimisation: its own part of the CPU time is "
      "larger than it need be, and differences look smaller");
#endif
  return notes;
}

report report_of(const options& wanted, const subject& of, outcome found) {
  report made{.path = of.path(),
              .file_bytes = of.size(),
              .file_system = of.file_system(),
              .direct = of.direct(),
              .kernel = kernel_release(),
              .cpus = cpus_allowed(),
              .rounds = wanted.rounds,
              .seed = wanted.seed,
              .notes = notes_about(of),
              .cells = std::move(found.cells),
              .claims = {},
              .verdict = {}};
  std::ranges::move(found.notes, std::back_inserter(made.notes));
  made.claims = compare(made.cells);
  made.verdict = verdict(made.claims);
  return made;
}

std::expected<outcome, std::string> measured(const options& wanted, const subject& of, stage small,
                                             unsigned entries) {
  stages on{.small = std::move(small), .huge = {}};
  std::string missing;
  if (auto huge = stage::make(of.fd(), pages::huge, entries))
    on.huge.emplace(std::move(*huge));
  else
    missing = fmt::format("huge pages are left out, for want of a second ring: {}",
                          huge.error().message());
  auto found = measure(wanted, of, on);
  if (found && !missing.empty()) found->notes.push_back(std::move(missing));
  return found;
}

}  // namespace

int command(const options& wanted) {
  const auto of = subject::open(wanted.path, access_of(wanted));
  if (!of) return refuse(of.error());
  std::optional<plot_file> plot;
  if (wanted.plot) {
    plot.emplace(*wanted.plot);
    if (const auto why = plot->refusal(*of); !why.empty()) return refuse(why);
  }
  const unsigned entries = std::max(8U, std::ranges::max(wanted.depths));
  auto small = stage::make(of->fd(), pages::small, entries);
  if (!small)
    return refuse(fmt::format("cannot use io_uring: {}", ring_refusal(small.error())),
                  cannot_start);

  auto found = measured(wanted, *of, std::move(*small), entries);
  if (const int signal = interrupted(); signal != 0) return 128 + signal;
  if (!found) return refuse(found.error());
  const report made = report_of(wanted, *of, std::move(*found));

  if (wanted.json)
    say(object_of(made).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  else
    say(text_of(made, page_of_stdout()));
  if (plot) {
    if (const auto why = plot->write(svg_of(made)); !why.empty()) return refuse(why);
  }
  return 0;
}

}  // namespace carousel::tool::bench
