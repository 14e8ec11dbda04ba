#include "worker.hpp"

#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/interruption.hpp"
#include "rank_failure.hpp"

namespace carousel_mpi {
namespace {

using carousel::directory_entry;
using carousel::result;
using carousel::spawn;
using carousel::task;
using carousel::timeout;
using std::chrono::microseconds;
using tool::place;

/// Directories of fewer entries are copied by one rank: many who make names in one directory wait
/// for each other.
constexpr std::size_t entries_shared_min = 1024;
/// Names that are left with rank 0 in one message.
constexpr std::size_t names_at_once = 256;
/// Files that the command line names, in one unit.
constexpr std::size_t operands_at_once = 16;

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

std::int64_t depth_of(const place& where) noexcept {
  std::int64_t depth = 0;
  for (const place* at = &where; at->parent; at = at->parent.get()) ++depth;
  return depth;
}

}  // namespace

worker::worker(mailbox& box, const settings& how, tool::copy_report& report, coordinator* zero)
    : box_(box),
      how_(how),
      report_(report),
      zero_(zero),
      places_(how.options.attributes(), how.options.follows_links()),
      units_(places_, how.options.follows_links(), report),
      cut_(box, places_, how.options, how.part_bytes),
      parts_(box, places_, how.options, report),
      looked_(std::chrono::steady_clock::now()) {
  places_.met = [this](const operand& one) {
    message_writer told;
    told.put(talk::operand);
    put(told, one);
    box_.send_all_others(told.take());
  };
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
      how_.mark.remove();  // before directories get their times
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

/// One that is begun next stays.
void worker::give() {
  const bool over = report_.over();
  if (over && !out_) {
    out_ = true;
    parts_.leave();
    box_.send(0, message_writer().put(talk::is_out).take());
  }
  if (!over && (waits_ || wants_ == want::none)) return;
  const std::size_t kept = over ? 0 : 1;
  const bool given_too = over || wants_ == want::all;
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

// What others may do.

/// A dry run is rank 0's alone: what one name would be depends on what others would have become.
bool worker::shares() const noexcept { return box_.ranks() > 1 && !how_.options.dry_run; }

result<> worker::finds(const place& where) { return how_.mark.clean(where.target.fd()); }

result<bool> worker::leads_to_copy(const place& where, bool by_link) {
  if (!shares()) return false;
  return places_.is_copy(where, by_link);
}

/// What the command line names is found again by its name, so that no descriptor waits with it.
bool worker::takes_directory(const std::shared_ptr<place>& from, const named_directory& it) {
  if (!shares() || it.is_last || it.claimed.comes_late || !it.claimed.rival.empty()) return false;
  own_unit one{.unit = {.what = work_unit::kind::directory,
                        .name = it.name,
                        .was_free = it.claimed.was_free}};
  if (from->parent == nullptr) {
    one.unit.where = places_.name_directory(*from, it.name, it.target_name, it.follow);
    meet(std::move(one));
    return true;
  }
  if (wants_ == want::none && queue_.is_full()) return false;
  late_.insert(from.get());
  one.where = from;
  one.open = {from->source, from->target};
  one.claimed = it.claimed;
  one.follow = it.follow;
  one.target_name = it.target_name;
  meet(std::move(one));
  return true;
}

bool worker::takes_files(const std::shared_ptr<place>& where, std::size_t in_all,
                         std::vector<directory_entry>& files) {
  if (!shares() || in_all < entries_shared_min) return false;
  if (wants_ == want::none && queue_.is_full()) return false;
  late_.insert(where.get());
  own_unit one{.unit = {.what = work_unit::kind::files, .files = std::move(files)},
               .where = where,
               .open = {where->source, where->target}};
  meet(std::move(one));
  return true;
}

/// A name that is not free as it is spelt is for who knows the others.
bool worker::takes_operand(const tool::file_job& job, const struct stat& about) {
  if (!shares() || !job.claimed.rival.empty() || job.claimed.comes_late) return false;
  operands_.push_back({places_.spot_of(job.where), job.source_name, job.target_name, about.st_ino,
                       about.st_mode & S_IFMT, job.claimed.was_free, job.follow});
  if (operands_.size() >= operands_at_once) meet_operands();
  return true;
}

void worker::meet_operands() {
  if (operands_.empty()) return;
  meet({.unit = {.what = work_unit::kind::names, .names = std::exchange(operands_, {})}});
}

void worker::meet(own_unit one) {
  queue_.meet(std::move(one));
  came_.set();
}

bool worker::takes_name(const tool::file_job& job, const struct stat& about) {
  if (!shares() || now_ != phase::files) return false;
  if (job.where->parent) late_.insert(job.where.get());
  names_.push_back({places_.spot_of(job.where), job.source_name, job.target_name, about.st_ino,
                    about.st_mode & S_IFMT, job.claimed.was_free, job.follow});
  return true;
}

/// Its attributes are set when nothing is made in it any more, by the rank that has made it.
bool worker::takes_end(const std::shared_ptr<place>& where) {
  if (late_.erase(where.get()) == 0) return false;
  ++where->pending;  // for good: what comes later does not finish it
  ends_[depth_of(*where)].push_back(where);
  return true;
}

bool worker::takes_content(const struct stat& about) const {
  return shares() && static_cast<std::uint64_t>(about.st_size) >= 2 * how_.part_bytes;
}

task<result<tool::copied_content>> worker::copy_content(open_content content,
                                                        tool::content_progress& progress) {
  return cut_.copy(std::move(content), progress);
}

task<result<bool>> worker::verify_content(open_content content) {
  return cut_.compare(std::move(content));
}

work_unit worker::for_others(own_unit one) {
  if (one.where) one.unit.where = places_.spot_of(one.where);
  return std::move(one.unit);
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
    if (auto next = report_.over() ? std::nullopt : queue_.next()) {
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
