#include "loop/loop.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>

#include "carousel/detail/base/keep_for_ever.hpp"
#include "carousel/detail/loop/remote_call.hpp"
#include "driver/turn.hpp"

namespace carousel::detail {
namespace {

/// Awaits per turn that may finish without suspending.
constexpr int inline_awaits_per_turn = 256;
/// On end: then comes a whole turn, if only for the clock.
constexpr int quick_turns_max = 16;

}  // namespace

loop::turning::turning(loop& l) noexcept : loop_(l) {
  CAROUSEL_ASSERT(!l.inherited(), inherited_sentence);
  CAROUSEL_ASSERT(current_context == nullptr,
                  "a runtime cannot be driven from inside a task: co_await instead of block_on, "
                  "poll or shutdown");
  CAROUSEL_ASSERT(l.thread_ == std::this_thread::get_id(),
                  "a runtime belongs to the thread that made it; make one per thread");
  current_context = &l;
  if (mailbox* const box = l.remote.box(); box != nullptr && l.io_->has_event_fd())
    box->loop_entered();
}

loop::turning::~turning() {
  current_context = nullptr;
  if (loop_.ending_ || loop_.inherited()) return;
  ring_driver& io = *loop_.io_;
  if (!io.has_event_fd()) return;
  io.note_left();
  loop_.tell_posters(io.event_fd().value());
  if (loop_.wants_turn()) io.ask_for_turn();
}

/// False: this is a child of fork() now.
[[gnu::always_inline]] inline bool loop::resume(waiter& w) {
  auto* const record = static_cast<task_record*>(std::exchange(w.task, nullptr));
  task = record;  // the waiter's reference is ours now
  scope = nullptr;
  if (w.link != nullptr) [[unlikely]]
    scope = std::exchange(w.link, nullptr)->leave();
  try {
    w.handle.resume();
  } catch (...) {  // a coroutine of the user's own that no task awaits
    (void)after_resume(record);
    throw;
  }
  return after_resume(record);
}

[[gnu::always_inline]] inline bool loop::after_resume(task_record* record) noexcept {
  bool goes_on = true;
  if (task_event) [[unlikely]]
    goes_on = handle_task_event(record);
  if (record != nullptr) record->release();
  return goes_on;
}

bool loop::handle_task_event(task_record* record) noexcept {
  io_->need_whole_turn();
  if (inherited()) return false;
  task_event = false;
  task = nullptr;
  if (record != nullptr && record->abort_wanted) record->abort();
  destroy_finished();
  return true;
}

[[gnu::always_inline]] inline void loop::run_ready() {
  // Only those that are ready now: what they make ready runs after the kernel has been looked
  // after. An exception of a coroutine of the user's own leaves the others of its batch to the next
  // turn.
  const struct batch_of_one_turn {
    ready_queue& waiters;
    ready_queue& later;
    ~batch_of_one_turn() {
      waiters.splice_back(later);
      later.splice_back(waiters);
    }
  } batch{ready_now, ready};
  ready_now.splice_back(ready);
  while (!ready_now.empty()) (void)resume(ready_now.pop_front());
}

struct loop::in_nobodys_name_afterwards {
  loop& self;
  ~in_nobodys_name_afterwards() {
    self.task = nullptr;
    self.scope = nullptr;
  }
};

[[gnu::always_inline]] inline void loop::run_coroutines() {
  const in_nobodys_name_afterwards at_exit{*this};
  inline_budget = inline_awaits_per_turn;
  run_ready();
  CAROUSEL_ASSERT(!inherited(), inherited_sentence);  // a task may have forked
  io_->deliver([this](waiter& w) { return resume(w); });
}

[[gnu::always_inline]] inline void loop::turn_once(const task_record* until) {
  run_coroutines();
  CAROUSEL_ASSERT(!inherited(), inherited_sentence);
  if (!finished_.empty()) destroy_finished();
  io_->settle();
  // What had completed by then has been delivered: a result beats a deadline or a stop of the same
  // turn. And a deadline that was set just now leaves its operation one chance to complete.
  if (!timers.empty()) timers.expire(returned_at_);
  if (remote.pending()) [[unlikely]] {
    remote.deliver();
    CAROUSEL_ASSERT(!inherited(), inherited_sentence);  // a callable of somebody else's may fork
  }
  const bool block = until != nullptr && !until->has_ended();
  if (block && ready.empty() && timers.empty() && finished_.empty() && io_->idle()) {
    if (tasks_.empty()) return;
    if (!remote.may_be_posted()) report_stall();
  }
  if (timers.empty()) {
    io_->turn(ready, waiting{block}, nullptr);
    return;
  }
  const steady_time deadline = timers.earliest();
  io_->turn(ready, waiting{block}, &deadline);
  returned_at_ = io_->now();
}

[[gnu::always_inline]] inline bool loop::needs_whole_turn() const noexcept {
  if (io_->needs_whole_turn()) [[unlikely]]
    return true;
  if (!ready.empty()) [[unlikely]]
    return true;
  if (remote.has_posts()) [[unlikely]]
    return true;
  return false;
}

/// Turns of which nothing is asked but to resume whose operations have completed, and to submit
/// what those begin. With few operations at a time most turns are of that kind, and they must be
/// short and straight: right after a system call each taken branch to a distant line costs some
/// nanoseconds (measured on a Zen 5), as if the processor had to find this code anew.
[[gnu::always_inline]] inline void loop::quick_turns(const task_record& until) {
  if (!io_->has_completions() || needs_whole_turn()) return;
  const in_nobodys_name_afterwards at_exit{*this};
  for (int left = quick_turns_max; left > 0; --left) {
    inline_budget = inline_awaits_per_turn;
    io_->deliver([this](waiter& w) { return resume(w); });
    if (needs_whole_turn()) [[unlikely]]
      return;
    const auto may_wait = [&] { return timers.empty() && !remote.pending() && !until.has_ended(); };
    if (!io_->quick_turn(ready, may_wait)) [[unlikely]]
      return;
  }
  if (!timers.empty()) [[unlikely]]
    returned_at_ = io_->now();
}

void loop::run(task_record& until) {
  const turning here(*this);
  adopt(until);
  while (!until.has_ended()) {
    turn_once(&until);
    if (!until.has_ended()) quick_turns(until);
  }
  // What ended with it leaves for the kernel now, and what that released is given back: nobody may
  // turn the loop for a while.
  turn();
  if (io_->has_completions()) turn();
}

void loop::turn() { turn_once(nullptr); }

void loop::poll() {
  const turning here(*this);
  // As if the kernel had just been left: what it has held back completed before the deadlines that
  // are due by now.
  io_->collect(ready);
  bool due = false;
  if (!timers.empty()) {
    returned_at_ = io_->now();
    due = timers.earliest() <= returned_at_;
  }
  turn();
  if (due) turn();  // for those that the timers have made ready
}

void loop::tell_posters(int event_fd) const noexcept {
  if (mailbox* const box = remote.box()) box->loop_left(event_fd);
}

bool loop::wants_turn() const noexcept {
  return !ready.empty() || !finished_.empty() || remote.pending() || io_->wants_turn();
}

std::chrono::nanoseconds loop::may_wait() const noexcept {
  CAROUSEL_ASSERT(!inherited(), inherited_sentence);
  if (wants_turn()) return std::chrono::nanoseconds::zero();
  const steady_time next =
      std::min(timers.empty() ? steady_time::max() : timers.earliest(), io_->wants_turn_at());
  const std::chrono::nanoseconds longest = io_->longest_wait();
  if (next == steady_time::max()) return longest;
  const steady_time now = io_->now();
  // Up to what poll(2) and epoll_wait(2) count in: else a program would turn in vain for the rest
  // of a millisecond.
  return std::min<std::chrono::nanoseconds>(
      longest, std::chrono::ceil<std::chrono::milliseconds>(std::max(next, now) - now));
}

result<int> loop::event_fd() noexcept {
  CAROUSEL_ASSERT(!inherited(), inherited_sentence);
  const bool asked_before = io_->has_event_fd();
  const result<int> fd = io_->event_fd();
  if (!fd || asked_before) return fd;
  if (current_context != this) tell_posters(*fd);
  if (wants_turn()) io_->ask_for_turn();  // of what is there nobody will tell
  return fd;
}

void loop::destroy_finished() noexcept {
  while (!finished_.empty()) static_cast<task_record&>(finished_.pop_front()).destroy_frame();
}

void loop::adopt(task_record& record) noexcept {
  record.id = ++last_id_;
  if (ending_) {
    record.abort();
    return;
  }
  record.suspend(record.handle, &record, wait_kind::start);
  ready.push_back(record);
}

void loop::task_finished(task_record& record) noexcept {
  record.unlink();
  finished_.push_back(record);
  task_event = true;
}

/// Those that have not started as well.
void loop::abort_all() noexcept {
  ready_queue others;
  while (!ready.empty()) {
    waiter& one = ready.pop_front();
    (one.kind == wait_kind::start ? tasks_ : others).push_back(one);
  }
  ready.splice_back(others);
  while (!tasks_.empty()) static_cast<task_record&>(tasks_.front()).abort();
}

bool loop::shut_down(std::chrono::nanoseconds deadline) {
  const turning here(*this);
  ending_ = true;
  abort_all();
  remote.close();
  // What is left waits in coroutines of the user's own that no task owns. They stay suspended, and
  // nobody will wake them.
  while (!parked.empty()) (void)parked.front().unpark();
  ready.clear();
  const steady_time now = io_->now();
  const bool drained =
      io_->drain(deadline < steady_time::max() - now ? now + deadline : steady_time::max());
  if (!drained) {
    // The kernel may still write into buffers that the slots own: neither they nor the ring are
    // ever given back.
    io_->quarantine();
    keep_for_ever(io_.release());
  }
  CAROUSEL_ASSERT_STATE(tasks_.empty() && finished_.empty() && ready.empty() && parked.empty(),
                        "a runtime has ended, and the loop still has%s%s%s%s, after %u tasks",
                        tasks_.empty() ? "" : " tasks", finished_.empty() ? "" : " ended tasks",
                        ready.empty() ? "" : " coroutines to resume",
                        parked.empty() ? "" : " coroutines that wait", last_id_);
  return drained;
}

// Records of tasks.

void adopt(task_record& record) noexcept { static_cast<loop&>(this_context()).adopt(record); }

void task_record::abort() noexcept {
  if (has_ended()) return;
  if (current_context != nullptr && current_context->task == this) {
    abort_wanted = true;
    current_context->task_event = true;
    return;
  }
  aborted = true;
  destroy_frame();
}

void task_record::destroy_frame() noexcept {
  unlink();
  if (task != nullptr) std::exchange(task, nullptr)->release();
  std::exchange(handle, nullptr).destroy();
  end();
  release();
}

void task_record::detach() noexcept {
  detached = true;
  if (finished) end();
}

void task_record::end() noexcept {
  if (joiner != nullptr) (void)std::exchange(joiner, nullptr)->wake();
  if (!failure || !detached || std::uncaught_exceptions() != 0) return;
  std::array<char, 32> whose{};
  std::snprintf(whose.data(), whose.size(), "detached task %u", id);
  try {
    std::rethrow_exception(failure);
  } catch (...) {
    exception_escaped(whose.data());
  }
}

void root_promise_base::first_run::await_resume() noexcept {
  context& here = this_context();
  static_cast<loop&>(here).task_started(static_cast<task_record&>(*here.task));
}

void task_record::finish() noexcept {
  finished = true;
  static_cast<loop&>(this_context()).task_finished(*this);
}

}  // namespace carousel::detail
