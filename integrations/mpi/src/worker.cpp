#include "worker.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/interruption.hpp"
#include "launch.hpp"
#include "rank_failure.hpp"

namespace carousel_mpi {
namespace {

using carousel::directory_entry;
using carousel::spawn;
using carousel::task;
using carousel::timeout;
using std::chrono::microseconds;
using tool::place;

/// Names that are left with rank 0 in one message.
constexpr std::size_t names_at_once = 256;
// How long is slept between two looks: short while there is something to be said, and longer the
// longer there is not. It is the ring that waits, so that files go on meanwhile. For rank 0 all
// others wait.
constexpr microseconds look_often{50};
constexpr microseconds look_seldom{2000};
constexpr microseconds zero_looks_seldom{500};

/// Open MPI kills a rank one second after it has asked it to end.
constexpr std::chrono::milliseconds grace{300};

/// Of a processor: others may use it in between.
std::chrono::nanoseconds used_by_this_thread() noexcept {
  timespec used{};
  (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace

worker::worker(mailbox& box, const settings& how, tool::copy_report& report, coordinator* zero)
    : box_(box),
      how_(how),
      report_(report),
      zero_(zero),
      places_(how.options.attributes(), how.options.follows_links()),
      watch_(places_),
      units_(places_, how.options.follows_links(), watch_, report),
      cut_(box, places_, how.options, how.part_bytes),
      parts_(box, places_, how.options, watch_, report),
      looked_(std::chrono::steady_clock::now()) {
  places_.met = [this](const operand& one) {
    message_writer told;
    told.put(talk::operand);
    put(told, one);
    box_.send_all_others(told.take());
  };
  units_.gives_back = [this](work_unit one) {
    one.not_for = box_.rank();
    box_.send(0, message_writer().put(talk::gives).put(packed(one)).take());
  };
  if (zero_ != nullptr) zero_->gives_up = [this](const auto& left) { say_given_up(left); };
}

void worker::set_copier(tool::copier& copier) {
  copier_ = &copier;
  units_.set_copier(copier);
  cut_.set_copier(copier);
  parts_.set_copier(copier);
}

std::chrono::milliseconds worker::interruption_grace() const noexcept { return grace; }

// Messages.

task<> worker::pump() {
  const tool::descriptor_line::lender lends(copier_->line(), [this] { return queue_.close_all(); });
  auto parts = spawn([this] { return or_end_all_ranks(parts_.copy_parts()); });
  const microseconds longest = zero_ != nullptr ? zero_looks_seldom : look_seldom;
  microseconds pause = look_often;
  for (;;) {
    pause = pass_messages() ? look_often : std::min(pause * 2, longest);
    (void)co_await timeout(pause, box_.sent.wait());
  }
}

/// Whether there were any.
bool worker::pass_messages() {
  const auto begin = used_by_this_thread();
  box_.sent.reset();
  const std::uint64_t before = box_.so_far().messages();
  (void)box_.look([this](int from, message_reader what) { take(from, what); });
  give();
  leave_names();
  tell_idle();
  if (zero_ != nullptr) zero_->go_on();
  count_time();
  if (box_.so_far().messages() == before) return false;
  with_messages_ += used_by_this_thread() - begin;
  return true;
}

void worker::take(int from, message_reader& what) {
  const auto about = what.take<talk>();
  switch (about) {
    case talk::operand: return places_.add(take_operand(what));
    case talk::units:
      ++received_;
      asked_ = need::none;
      while (!what.empty()) queue_.be_given({unpacked(what.take<message>())});
      return came_.set();
    case talk::part: ++received_; return parts_.take_part(take_file_part(what));
    case talk::part_done: return cut_.take_done(what);
    case talk::wants: wants_ = what.take<want>(); return;
    case talk::links: now_ = phase::links; return;
    case talk::ends:
      // Before directories get their times.
      if (all_is_well() && how_.options.excluded.empty() && !how_.options.one_file_system)
        how_.mark.remove_dead();
      how_.mark.remove();
      ends_due_ = what.take<std::int64_t>();
      return came_.set();
    case talk::over: now_ = phase::over; return came_.set();
    default: break;
  }
  if (zero_ == nullptr || !zero_->take(from, about, what)) other(from, about, what);
}

/// Ahead of time only as long as nobody else has nothing.
void worker::ask(need how_much) {
  if (out_ || asked_ >= how_much || (how_much == need::soon && wants_ == want::all)) return;
  asked_ = how_much;
  box_.send(0, message_writer().put(talk::asks).put(how_much).take());
}

/// Whether nothing more is to be begun here.
bool worker::over() const noexcept { return report_.over() || watch_.is_lost(); }

void worker::be_out() {
  out_ = true;
  parts_.leave();
  box_.send(0, message_writer().put(talk::is_out).take());
  if (tool::interrupted() != 0) return;
  const std::string who = fmt::format("rank {} on {}", box_.rank(), host_name());
  if (report_.over())
    report_.on_error("", who +
                             " stopped after many errors of the target: what it had begun is not "
                             "copied to its end");
  else
    report_.note(who +
                 " begins nothing more, because its storage is gone: " + watch_.why().message());
}

/// What a signal leaves is said in one sentence.
void worker::say_given_up(const std::vector<work_unit>& left) {
  if (tool::interrupted() != 0) return;
  const auto say = [&](const spot& where, const std::string& name) {
    report_.refuse(places_.source_path(where, name), "is not copied: no rank is left that could");
  };
  for (const work_unit& one : left) {
    if (one.what == work_unit::kind::directory) say(one.where, one.name);
    for (const directory_entry& file : one.files) say(one.where, file.name);
    for (const named_file& file : one.names) say(file.where, file.name);
  }
  report_.on_error("", "no rank is left that could go on: what is left is not copied");
}

/// One that is begun next stays.
void worker::give() {
  if (over() && !out_) be_out();
  if (!out_ && (waits_ || wants_ == want::none)) return;
  const std::size_t kept = out_ ? 0 : 1;
  const bool given_too = out_ || wants_ == want::all;
  message_writer given;
  given.put(talk::gives);
  const std::size_t nothing = given.size();
  while (queue_.size() > kept) {
    auto one = queue_.next_met_to_give();
    if (!one && given_too) one = queue_.next_given_to_give();
    if (!one) break;
    given.put(packed(for_others(std::move(*one))));
  }
  if (given.size() != nothing) box_.send(0, given.take());
}

void worker::leave_names() {
  for (std::size_t at = 0; at < names_.size();) {
    message_writer left;
    left.put(talk::leaves);
    for (std::size_t n = 0; n < names_at_once && at < names_.size(); ++n) put(left, names_[at++]);
    box_.send(0, left.take());
  }
  names_.clear();
}

void worker::tell_idle() {
  const bool idle = waits_ && queue_.empty() && report_.pending() == 0 && !parts_.busy();
  if (!idle || told_idle_ == received_) return;
  told_idle_ = received_;
  box_.send(0, message_writer().put(talk::is_idle).put(received_).take());
}

void worker::count_time() {
  const auto now = std::chrono::steady_clock::now();
  const bool busy = !waits_ || report_.pending() != 0 || parts_.busy();
  if (busy) busy_ += now - looked_;
  looked_ = now;
}

// Units.

task<> worker::work() {
  meet_operands();
  while (now_ != phase::over) {
    if (ends_due_) {
      const std::int64_t depth = *std::exchange(ends_due_, std::nullopt);
      co_await end_directories(depth);
      continue;
    }
    if (auto next = over() ? std::nullopt : queue_.next()) {
      if (queue_.empty()) ask(need::soon);
      co_await units_.run(std::move(*next));
      continue;
    }
    ask(need::now);
    waits_ = true;
    (void)co_await came_.wait();
    came_.reset();
    waits_ = false;
  }
  co_await copier_->finish_files();
}

/// Those of the depth, and says which are the deepest that are left.
task<> worker::end_directories(std::int64_t depth) {
  if (const auto due = ends_.find(depth); due != ends_.end()) {
    for (std::shared_ptr<place>& where : std::exchange(due->second, {}))
      co_await copier_->end_directory(std::move(where));
    ends_.erase(due);
  }
  const std::int64_t next = ends_.empty() ? -1 : ends_.rbegin()->first;
  box_.send(0, message_writer().put(talk::ended).put(next).take());
}

}  // namespace carousel_mpi
