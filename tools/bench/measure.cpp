#include "bench/measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ranges>
#include <utility>

#include "bench/block_set.hpp"
#include "bench/page_kind.hpp"
#include "bench/registration_fit.hpp"
#include "bench/slice.hpp"
#include "bench/status_line.hpp"
#include "bench/units.hpp"
#include "common/interruption.hpp"
#include "common/naming.hpp"

namespace carousel::tool::bench {
namespace {

using std::chrono::duration_cast;
using std::chrono::nanoseconds;
using fractional_seconds = std::chrono::duration<double>;

/// Of the time for measuring, the part that reading a block set may take as well.
constexpr double block_set_part = 0.02;

/// Each buffer is read into once at least, however short a slice should be; so rounds are left out
/// where they take too long, but not those without which nothing could be said.
constexpr double overrun_max = 1.3;
constexpr unsigned rounds_enough = 13;

nanoseconds to_nanoseconds(double seconds) {
  return duration_cast<nanoseconds>(fractional_seconds(seconds));
}

task<result<file_info>> info_of(file f) {
  auto about = co_await f.info();
  co_return about;
}

/// What offsets and lengths must be multiples of; 1 where nobody says.
std::uint64_t alignment_of(stage& on, const subject& of) {
  if (!of.direct()) return 1;
  const auto about = on.its_runtime().block_on(info_of(on.opened()));
  return about ? std::max(about->direct_offset_alignment, 1U) : 1;
}

class session {
 public:
  session(const options& wanted, const subject& of, stages& on)
      : wanted_(wanted),
        of_(of),
        on_(on),
        fit_(on, *std::ranges::max_element(wanted.blocks),
             *std::ranges::max_element(wanted.depths)) {}

  std::expected<outcome, std::string> run() {
    const std::vector<std::size_t> blocks = fitting_blocks();
    if (blocks.empty())
      return std::unexpected(fmt::format("{} has {}, too few for one of these reads",
                                         shell_quoted(of_.path()), size_text(of_.size())));
    cells_ = static_cast<double>(blocks.size() * wanted_.depths.size());
    for (const std::size_t block_bytes : blocks) {
      status_.show(done_ / cells_, "reading " + size_text(block_bytes) + " blocks to compare with");
      const auto set = block_set::read(of_, block_bytes, wanted_.seed,
                                       to_nanoseconds(wanted_.seconds * block_set_part));
      if (!set) return std::unexpected(set.error());
      for (const unsigned depth : wanted_.depths) {
        if (auto error = measure_cell(*set, depth); !error.empty())
          return std::unexpected(std::move(error));
        if (interrupted() != 0) return std::move(found_);
        done_ += 1;
      }
    }
    on_.small.clear();
    if (on_.huge) on_.huge->clear();
    if (!cut_short_.empty())
      note(fmt::format("fewer rounds than wanted, for want of time: {}", enumeration(cut_short_)));
    if (auto said = fit_.report(); !said.empty()) found_.notes.push_back(std::move(said));
    return std::move(found_);
  }

 private:
  /// Those that the file holds and O_DIRECT takes.
  std::vector<std::size_t> fitting_blocks() {
    const std::uint64_t alignment = alignment_of(on_.small, of_);
    std::vector<std::size_t> fitting;
    for (const std::size_t bytes : wanted_.blocks) {
      if (bytes > of_.size())
        note(fmt::format("reads of {} are left out: the file has {}", size_text(bytes),
                         size_text(of_.size())));
      else if (bytes % alignment != 0)
        note(fmt::format("reads of {} are left out: O_DIRECT takes multiples of {} here",
                         size_text(bytes), size_text(alignment)));
      else
        fitting.push_back(bytes);
    }
    return fitting;
  }

  /// Empty, or what went wrong.
  std::string measure_cell(const block_set& blocks, unsigned depth_wanted) {
    const auto depth = fit_.set_up(blocks.block_bytes(), depth_wanted);
    if (!depth) return depth.error();
    const bool known = std::ranges::any_of(found_.cells, [&](const cell& c) {
      return c.block_bytes == blocks.block_bytes() && c.depth == *depth;
    });
    if (known) return {};
    cell made{.block_bytes = blocks.block_bytes(),
              .depth = *depth,
              .depth_wanted = depth_wanted,
              .blocks = blocks.size(),
              .variants = {}};
    for (const variant who : variants_now()) made.variants.push_back({who, {}, {}});
    const double slices = (wanted_.rounds + 1) * static_cast<double>(made.variants.size());
    made.slice_seconds = wanted_.seconds / cells_ / slices;
    const auto late =
        std::chrono::steady_clock::now() + to_nanoseconds(overrun_max * wanted_.seconds / cells_);
    // The first round warms up, and compares every block that it reads.
    for (unsigned round = 0; round <= wanted_.rounds; ++round) {
      if (auto error = play_round(made, blocks, round); !error.empty()) return error;
      if (interrupted() != 0) return {};
      if (round >= rounds_enough && round < wanted_.rounds &&
          std::chrono::steady_clock::now() >= late) {
        cut_short_.push_back(
            fmt::format("{} at depth {} ({})", size_text(made.block_bytes), made.depth, round));
        break;
      }
    }
    found_.cells.push_back(std::move(made));
    return {};
  }

  std::vector<variant> variants_now() {
    std::vector<variant> all;
    for (stage* s : {&on_.small, on_.huge ? &*on_.huge : nullptr}) {
      if (s == nullptr) continue;
      if (s->kind() == pages::huge && !s->as_wanted()) {
        note(
            "huge pages are left out: the kernel did not give them; `carousel doctor` says what "
            "it is set to");
        continue;
      }
      all.push_back({verb::plain, s->kind()});
      if (s->registered()) all.push_back({verb::fixed, s->kind()});
    }
    return all;
  }

  std::string play_round(cell& c, const block_set& blocks, unsigned round) {
    // Where memory lies decides a few percent, for one variant more than for another. Were it the
    // same in all rounds, that would pass for a difference of the variants.
    if (auto error = fit_.renew(c.block_bytes, c.depth); !error.empty()) return error;
    const std::vector<variant> now = variants_now();
    std::erase_if(c.variants,
                  [&](const series& s) { return std::ranges::find(now, s.who) == now.end(); });
    const std::uint64_t seed = wanted_.seed + round * std::uint64_t{0x9e3779b97f4a7c15};
    const std::vector<std::uint32_t> order = shuffled(blocks.size(), seed);
    for (const std::uint32_t turn : shuffled(c.variants.size(), ~seed)) {
      series& s = c.variants[turn];
      status_.show(
          (done_ + (round + static_cast<double>(turn) / 4) / (wanted_.rounds + 1.0)) / cells_,
          fmt::format("{} at depth {}", size_text(c.block_bytes), c.depth));
      latency_histogram latency;
      const auto figures = run_slice(s.who.on == pages::huge ? *on_.huge : on_.small,
                                     {.blocks = blocks,
                                      .order = order,
                                      .how = s.who.how,
                                      .length = to_nanoseconds(c.slice_seconds),
                                      .checks_each = round == 0},
                                     latency);
      if (of_.changed())
        return fmt::format("{} changed while it was read: there are no figures",
                           shell_quoted(of_.path()));
      if (!figures)
        return fmt::format("{}: {}: there are no figures", shell_quoted(of_.path()),
                           figures.error());
      if (interrupted() != 0) return {};
      if (round == 0) continue;
      s.rounds.push_back(*figures);
      s.latency.add(latency);
    }
    return {};
  }

  void note(std::string text) {
    if (std::ranges::find(found_.notes, text) == found_.notes.end())
      found_.notes.push_back(std::move(text));
  }

  const options& wanted_;
  const subject& of_;
  stages& on_;
  registration_fit fit_;
  status_line status_;
  outcome found_;
  std::vector<std::string> cut_short_;  ///< cells with fewer rounds than wanted
  double cells_ = 1;
  double done_ = 0;
};

}  // namespace

std::expected<outcome, std::string> measure(const options& wanted, const subject& of, stages& on) {
  session all(wanted, of, on);
  return all.run();
}

}  // namespace carousel::tool::bench
