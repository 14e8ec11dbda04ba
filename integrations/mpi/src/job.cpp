#include "job.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <map>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "carousel/carousel.hpp"
#include "common/interruption.hpp"
#include "common/make_runtime.hpp"
#include "common/memory_room.hpp"
#include "common/output.hpp"
#include "common/processors.hpp"
#include "coordinator.hpp"
#include "copy/copier.hpp"
#include "copy/progress.hpp"
#include "job_mark.hpp"
#include "job_report.hpp"
#include "mailbox.hpp"
#include "rank_failure.hpp"
#include "worker.hpp"

namespace carousel_mpi {
namespace {

using carousel::sleep_for;
using carousel::spawn;
using carousel::task;
using std::chrono::milliseconds;

constexpr int cannot_start = 2;
constexpr milliseconds shutdown_deadline{200};
constexpr milliseconds last_words{200};
constexpr milliseconds between_figures{250};
constexpr unsigned turns_between_touches = 40;
constexpr milliseconds between_lines{1000};  ///< of progress, where stderr is no terminal
constexpr milliseconds between_looks{1};

/// Ranks that share processors and memory share them evenly.
tool::copy_options for_one_rank(tool::copy_options options, int ranks, int beside) {
  if (!options.threads)
    options.threads =
        std::max<std::size_t>(tool::usable_processors() / static_cast<std::size_t>(beside), 1);
  if (options.bytes_per_second != 0)
    options.bytes_per_second =
        std::max<std::uint64_t>(options.bytes_per_second / static_cast<std::uint64_t>(ranks), 1);
  return options;
}

/// One rank's part of a job.
class rank_job {
 public:
  rank_job(const job_options& options, const mpi_session& session, int beside, job_mark& mark)
      : copy_(for_one_rank(options.copy, session.ranks(), beside)),
        mark_(mark),
        box_(MPI_COMM_WORLD),
        start_(std::chrono::steady_clock::now()) {
    report_.dry_run = copy_.dry_run;
    report_.has_others = true;
    report_.names_each = (copy_.verbose || copy_.dry_run) && !copy_.json;
    send_what_is_said(report_, box_);
    if (session.rank() == 0) {
      zero_.emplace(box_, copy_.threads.value_or(1));
      all_.emplace(session.ranks());
    }
    work_.emplace(box_, worker::settings{copy_, options.part_bytes, mark}, report_,
                  zero_ ? &*zero_ : nullptr);
    work_->all_is_well = [this] { return all_ && !all_->failed() && tool::interrupted() == 0; };
    work_->other = [this](int from, talk about, message_reader& what) {
      if (all_) all_->take(from, about, what);
    };
  }

  /// Nothing: it can begin. Otherwise why not.
  std::optional<std::string> prepare(int beside);
  int run();

 private:
  task<> copy();
  task<> send_figures();
  task<> show_progress(bool on_terminal);
  task<> gather();
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  [[noreturn]] void end_by_signal(int signal);
  bool all_are_clean();

  tool::copy_options copy_;
  job_mark& mark_;
  mailbox box_;
  tool::copy_report report_;
  std::optional<coordinator> zero_;
  std::optional<job_report> all_;  ///< at rank 0
  std::optional<worker> work_;
  std::optional<tool::copier> copier_;
  std::optional<carousel::runtime> runtime_;
  std::chrono::steady_clock::time_point start_;
};

std::optional<std::string> rank_job::prepare(int beside) {
  tool::copy_buffers::sizes sizes{copy_.buffers, copy_.buffer_bytes};
  if (const auto room = tool::find_memory_room())
    sizes = tool::copy_buffers::fitted(sizes, room->bytes / static_cast<std::uint64_t>(beside));
  auto means = tool::copy_means::make(copy_, sizes);
  if (!means) return fmt::format("cannot make the buffers: {}", means.error().message());
  copier_.emplace(copy_, std::move(*means), report_, nullptr, &*work_);
  work_->set_copier(*copier_);
  auto made = tool::make_runtime();
  if (!made) return fmt::format("cannot use io_uring: {}", tool::ring_refusal(made.error()));
  runtime_.emplace(std::move(*made));
  return std::nullopt;
}

int rank_job::run() {
  runtime_->block_on(or_end_all_ranks(copy()));
  if (const int signal = tool::interrupted(); signal != 0) end_by_signal(signal);
  if (!all_) return report_.failed() ? 1 : 0;
  const int status = all_->failed() ? 1 : 0;
  all_->say_errors();
  if (copy_.json)
    all_->print_json(seconds(), status, {.statistics = copy_.statistics});
  else
    all_->print(seconds());
  if (!copy_.json && copy_.statistics) all_->print_statistics(seconds());
  return status;
}

task<> rank_job::copy() {
  auto pump = spawn([this] { return or_end_all_ranks(work_->pump()); });
  auto figures = spawn([this] { return or_end_all_ranks(send_figures()); });
  std::optional<carousel::join_handle<void>> showing;
  const bool on_terminal = tool::can_draw();
  if (all_ && (copy_.progress || (on_terminal && !copy_.quiet && !report_.names_each)))
    showing = spawn([this, on_terminal] { return or_end_all_ranks(show_progress(on_terminal)); });
  if (all_)
    co_await copier_->run();
  else
    co_await copier_->run_share();
  figures.abort();
  if (tool::interrupted() == 0) co_await gather();
  if (showing) showing->abort();
  if (showing && on_terminal) tool::draw("\r\x1b[K");
  pump.abort();
}

/// The summaries of all ranks, at rank 0; elsewhere until it has got this one's.
task<> rank_job::gather() {
  const std::string own = summary_of(
      report_, {seconds(), work_->busy_seconds(), work_->message_seconds(), box_.so_far()});
  box_.send(0, message_writer().put(talk::summary).put(own).take());
  while (!box_.empty() || (all_ && !all_->complete.is_set())) {
    if (tool::interrupted() != 0) co_return;
    co_await sleep_for(between_looks);
  }
}

task<> rank_job::send_figures() {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  for (unsigned turn = 0;; ++turn) {
    co_await sleep_for(between_figures);
    if (turn % turns_between_touches == 0) mark_.touch();
    if (files == report_.files && bytes == report_.bytes) continue;
    files = report_.files;
    bytes = report_.bytes;
    box_.send(0, message_writer().put(talk::figures).put(files).put(bytes).take());
  }
}

task<> rank_job::show_progress(bool on_terminal) {
  constexpr double mib = 1024 * 1024;
  for (;;) {
    co_await sleep_for(on_terminal ? between_figures : between_lines);
    const double copied = static_cast<double>(all_->bytes()) / mib;
    const std::string line =
        fmt::format("{} files, {:.0f} MiB, {:.0f} MiB/s by {} ranks; {} parts wait", all_->files(),
                    copied, copied / seconds(), box_.ranks(), zero_->waiting());
    if (on_terminal)
      tool::draw("\r" + line + "\x1b[K");
    else
      tool::complain(line);
  }
}

/// Whether the files of all ranks went, so far as the others get to say so.
bool rank_job::all_are_clean() {
  box_.send(0, message_writer().put(talk::cleaned).take());
  int clean = 0;
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < last_words) {
    (void)box_.look([&](int from, message_reader what) {
      const auto about = what.take<talk>();
      if (about == talk::cleaned) ++clean;
      if (all_ && about == talk::error) all_->take(from, about, what);
    });
    if (all_ ? clean == box_.ranks() : box_.empty()) return true;
    std::this_thread::sleep_for(between_looks);
  }
  return false;
}

/// Whoever started the ranks is told by the signal: some take 0 of a rank that was asked to end for
/// success. What was made without a final name goes first.
void rank_job::end_by_signal(int signal) {
  (void)runtime_->shutdown(shutdown_deadline);
  const bool clean = all_are_clean();
  if (all_) {
    if (clean) mark_.remove();
    all_->say_errors();
    tool::complain(fmt::format(
        "ended by signal {}: the copy is not complete; with --resume it goes on", signal));
  }
  (void)tool::end_output(1);
  ::signal(signal, SIG_DFL);
  (void)::raise(signal);
  mpi_session::abort(128 + signal);
}

std::optional<std::string> prepared(rank_job& job, int beside) {
  try {
    return job.prepare(beside);
  } catch (const std::exception& e) {
    return e.what();
  }
}

/// Rank 0 says each once, with the ranks that it is in the way of: mostly it is the same for many.
void say_obstacles(const mpi_session& session, const std::string& own) {
  std::map<message, std::vector<std::string>> ranks;
  int rank = 0;
  for (const message& one : session.gathered(message_writer().put(host_name()).put(own).take())) {
    message_reader from(one);
    const auto host = from.take<std::string>();
    const auto why = from.take<std::string>();
    if (!why.empty()) ranks[why].push_back(fmt::format("rank {} on {}", rank, host));
    ++rank;
  }
  for (const auto& [why, of] : ranks)
    tool::complain(fmt::format("{}: {}", fmt::join(of, ", "), why));
}

}  // namespace

int run_job(const job_options& options, const mpi_session& session) {
  const int beside = session.ranks_beside();
  auto mark = session.rank() == 0 ? job_mark::make(options.copy) : job_mark();
  mark.take(session.shared_from_zero(mark.shared()));
  rank_job job(options, session, beside, mark);
  auto obstacle = prepared(job, beside);
  if (!obstacle) obstacle = mark.what_is_not_seen();
  say_obstacles(session, obstacle.value_or(""));
  if (session.greatest(obstacle ? 1 : 0) != 0) {
    mark.remove();
    return cannot_start;
  }
  return job.run();
}

}  // namespace carousel_mpi
