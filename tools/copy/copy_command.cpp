#include "copy/copy_command.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "common/interruption.hpp"
#include "common/make_runtime.hpp"
#include "common/memory_room.hpp"
#include "common/output.hpp"
#include "copy/compare.hpp"
#include "copy/copier.hpp"
#include "copy/manifest.hpp"
#include "copy/progress.hpp"
#include "copy/report.hpp"

namespace carousel::tool {
namespace {

constexpr int cannot_start = 2;
/// For what the kernel holds when the copy was interrupted.
constexpr std::chrono::seconds shutdown_deadline{1};

task<> copy_with_progress(copier& copy, const copy_options& options, copy_report& report) {
  const bool on_terminal = can_draw();
  const bool unasked = on_terminal && !options.quiet && !report.names_each;
  if (!options.progress && !unasked) {
    co_await copy.run();
    co_return;
  }
  const tree_scan scan(options.sources, options.follows_named_links());
  progress line(report, scan, on_terminal);
  auto showing = spawn([&line] { return line.show(); });
  co_await copy.run();
  showing.abort();
}

int refuse_start(std::string_view what, std::string_view why) {
  complain(fmt::format("{}: {}", what, why));
  return cannot_start;
}

/// What was asked for, or what fits into the memory that this process may still use.
copy_buffers::sizes sizes_that_fit(const copy_options& options, copy_report& report) {
  const copy_buffers::sizes wanted{options.buffers, options.buffer_bytes};
  const auto room = find_memory_room();
  if (!room) return wanted;
  const copy_buffers::sizes fit = copy_buffers::fitted(wanted, room->bytes);
  if (fit != wanted)
    report.note(fmt::format("{} buffers of {} KiB are used, and not {} of {}: {} leaves {} MiB",
                            fit.count, fit.large_bytes >> 10U, wanted.count,
                            wanted.large_bytes >> 10U, room->limit, room->bytes >> 20U));
  return fit;
}

task<> finish_manifest(manifest& list, const copy_options& options, copy_report& report) {
  if (list.is_taken()) co_return;
  const auto written = co_await list.finish(options.sync);
  if (written) co_return;
  if (written.error() == std::errc::file_exists)
    report.refuse(*options.manifest_file,
                  "has come with this copy or while it ran, and no manifest replaces it: name "
                  "another file");
  else
    report.fail_at_target("write", *options.manifest_file, written.error());
}

/// 0, or the exit status.
int run_copy(const copy_options& options, copy_report& report) {
  std::optional<manifest> list;
  if (options.manifest_file) {
    auto made = manifest::make(options);
    if (!made) {
      complain(made.error());
      return cannot_start;
    }
    list.emplace(std::move(*made));
  }
  auto means = copy_means::make(options, sizes_that_fit(options, report));
  if (!means) return refuse_start("cannot make the buffers", means.error().message());
  copier copy(options, std::move(*means), report, list ? &*list : nullptr);
  auto runtime = make_runtime();
  if (!runtime) return refuse_start("cannot use io_uring", ring_refusal(runtime.error()));
  runtime->block_on(copy_with_progress(copy, options, report));
  if (const int signal = interrupted(); signal != 0) {
    (void)runtime->shutdown(shutdown_deadline);
    return 128 + signal;
  }
  if (list && !options.dry_run) runtime->block_on(finish_manifest(*list, options, report));
  return report.failed() ? 1 : 0;
}

comparison compare_with_cp(const copy_options& options) {
  const std::vector<std::string> flags{"--buffers", std::to_string(options.buffers),
                                       "--buffer-size", std::to_string(options.buffer_bytes)};
  const std::filesystem::path named = options.destination;
  const auto beside = std::filesystem::absolute(named / "").parent_path().parent_path();
  return compare(options.sources, beside.native(), flags);
}

void print_json(const nlohmann::json& object) {
  say(object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace

int copy_command(const copy_options& options) {
  const auto start = std::chrono::steady_clock::now();
  copy_report report;
  report.dry_run = options.dry_run;
  report.names_each = (options.verbose || options.dry_run) && !options.json;
  int status = run_copy(options, report);
  if (status == cannot_start) return status;
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  std::optional<comparison> compared;
  if (options.compare && status == 0) {
    compared = compare_with_cp(options);
    if (!compared->failure.empty()) status = 1;
  }
  if (options.json) {
    nlohmann::json object = report.object(taken.count());
    object["status"] = status;
    if (options.statistics) object["statistics"] = report.statistics(taken.count());
    if (compared) object["comparison"] = comparison_object(*compared);
    print_json(object);
    return status;
  }
  report.print(taken.count());
  if (options.statistics) report.print_statistics(taken.count());
  if (compared) print_comparison(*compared);
  return status;
}

}  // namespace carousel::tool
