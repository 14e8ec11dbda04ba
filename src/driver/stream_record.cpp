#include "carousel/detail/driver/stream_record.hpp"

#include <algorithm>
#include <limits>
#include <new>

#include "base/state_assert.hpp"
#include "carousel/detail/driver/operation.hpp"
#include "driver/ring_driver.hpp"

namespace carousel::detail {
namespace {

/// Its runtime has ended with it in flight, or in line: nobody resumes the pump.
[[nodiscard]] bool left_behind(const operation_base& op) noexcept {
  return op.at == operation_base::no_slot() && !op.linked();
}
[[nodiscard]] bool left_behind(const parked_waiter& at) noexcept {
  return !at.is_parked() && !at.waiter::linked();
}

[[nodiscard]] std::uint32_t saturated(std::size_t n) noexcept {
  return static_cast<std::uint32_t>(
      std::min<std::size_t>(n, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace

stream_record::stream_record(stream_limits limits)
    : items_(limits.room), high_(saturated(limits.high)) {}

void stream_record::end() noexcept {
  ended_ = true;
  over_ = true;
  begins_nothing();
  if (pump_) std::exchange(pump_, nullptr).destroy();
  for (; count_ != 0; --count_) {
    discard(items_[first_]);
    first_ = place_after(1);
  }
  failed_ = 0;
  while (!line_.empty()) line_.front().serve();
  release();
}

void stream_record::ended(const shot_end& how) noexcept {
  begins_nothing();
  over_ = how.over;
  if (how.item != shot_end::no_item) put(how.item);
  const bool asked_for = (pausing_ && how.error == errc::canceled) || how.error == errc::shut_down;
  if (how.error && !how.over && !asked_for) failed_ = failure(how.error);
  promise();
}

void stream_record::late(std::int32_t value) noexcept {
  if (ended_) return discard(value);
  put(value);
  promise();
}

void stream_record::item(std::int32_t value) noexcept {
  put(value);
  if (count_ >= high_) pause();
  promise();
}

void stream_record::merge(std::int32_t bits) noexcept {
  if (count_ == 0) {
    put(bits);
  } else {
    items_[first_] |= bits;
  }
  promise();
}

/// Who accepts without memory for the connection loses it too, and is told.
void stream_record::put(std::int32_t value) noexcept {
  if (count_ == items_.size() && !grow()) {
    discard(value);
    failed_ = failure(std::errc::not_enough_memory);
    return;
  }
  items_[place_after(count_++)] = value;
}

/// In the ring, from the first item on.
std::uint32_t stream_record::place_after(std::uint32_t more) const noexcept {
  return static_cast<std::uint32_t>((std::size_t{first_} + more) % items_.size());
}

/// More came than fits before the operation could be cancelled.
bool stream_record::grow() noexcept {
  try {
    stream_items more(2 * items_.size());
    for (std::uint32_t i = 0; i < count_; ++i) more[i] = items_[place_after(i)];
    items_.swap(more);
    first_ = 0;
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

/// What was promised to the waiter that asks.
result<std::int32_t> stream_record::take() noexcept {
  if (count_ == 0) {
    const failure_code told = std::exchange(failed_, 0);
    if (!line_.empty()) want();
    return std::unexpected(to_error(told));
  }
  const std::int32_t value = items_[first_];
  first_ = place_after(1);
  --count_;
  want();
  return value;
}

/// Asked once its pump waits for something: whether that still comes. It does not where the runtime
/// has ended.
bool stream_record::goes_on() const noexcept {
  const bool ended_without_it = waits_for_ == pump_waits::for_the_kernel
                                    ? left_behind(*waits_at_.in_flight)
                                    : left_behind(*waits_at_.parked);
  if (ended_without_it) return false;
  CAROUSEL_ASSERT(thread_ == &thread_mark,
                  "a stream that goes on belongs to the thread in which next() was first awaited: "
                  "hand on what it brings, through a remote_channel for instance");
  return true;
}

void stream_record::want() noexcept {
  const bool waits = waits_for_ != pump_waits::for_nothing;
  if (waits ? goes_on() : !may_begin()) return;
  if (waits_for_ == pump_waits::for_the_kernel)
    waits_at_.in_flight->failed = failure(errc::shut_down);
  run_pump();
}

void stream_record::pause() noexcept {
  if (waits_for_ != pump_waits::for_the_kernel || pausing_) return;
  pausing_ = true;
  ring_driver::of(waits_at_.in_flight->io())
      .request_stop(*waits_at_.in_flight, this_context().ready);
}

void stream_record::promise() noexcept {
  while (!line_.empty() && pending() > promised_) {
    auto& first = static_cast<stream_waiter&>(line_.front());
    first.promised_ = true;
    ++promised_;
    first.serve();
  }
  if (!over_ || pending() > promised_) return;
  while (!line_.empty()) line_.front().serve();
}

void stream_record::count_off_promise() noexcept {
  CAROUSEL_ASSERT_STATE(promised_ != 0,
                        "more has been taken from a stream than was promised, of %u items", count_);
  --promised_;
}

/// It is resumed inside of a task that has asked for more, and is nobody's.
void stream_record::run_pump() noexcept {
  context& here = this_context();
  task_base* const task = std::exchange(here.task, nullptr);
  stop_scope* const scope = std::exchange(here.scope, nullptr);
  pump_.resume();
  here.task = task;
  here.scope = scope;
}

stream_waiter::stream_waiter(stream_ref of) noexcept : of_(std::move(of)) {
  reason = "waits for what a stream brings";
}

stream_waiter::~stream_waiter() {
  if (!promised_) return;
  record().count_off_promise();
  record().promise();
}

bool stream_waiter::await_suspend(std::coroutine_handle<> h) noexcept {
  stream_record& of = record();
  if (!this_context().stopped()) {
    of.asked_ = true;
    of.want();
    of.asked_ = false;
    if (of.pending() > 0 && of.promised_ == 0) {
      promised_ = true;
      ++of.promised_;
      serve();
    } else if (of.over_ && of.pending() == of.promised_) {
      serve();
    }
  }
  const bool waits = wait(of.line_, h);
  if (waits) of.promise();  // something may be there, behind what those get who run next
  return waits;
}

result<std::int32_t> stream_waiter::take() noexcept {
  stream_record& of = record();
  const bool mine = std::exchange(promised_, false);
  if (mine) of.count_off_promise();
  if (of.ended_ || !served()) return std::unexpected(make_error_code(errc::canceled));
  if (!mine) return std::unexpected(make_error_code(errc::end_of_file));
  return of.take();
}

}  // namespace carousel::detail
