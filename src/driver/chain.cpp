#include "carousel/detail/driver/chain.hpp"

#include <utility>

#include "base/state_assert.hpp"
#include "driver/ring_driver.hpp"

namespace carousel::detail {

/// A member has ended.
struct chain::step {
  chain& all;
  static bool await_ready() noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<>) const noexcept {
    return all.one_ended();
  }
  static void await_resume() noexcept {}
};

/// Once more than there are members, so that it notices where one ends twice.
chain_counter chain::count(chain& all, unsigned members) {
  for (unsigned ended = 0; ended <= members; ++ended) co_await step{all};
}

chain::chain(chain&& inert_one) noexcept {
  CAROUSEL_ASSERT(inert_one.at == inert(), "an operation cannot be moved once it has been awaited");
  at = inert();
  inert_one.at = over();
}

chain::~chain() {
  if (at != inert() && at != over()) abandon();
  if (counter_) counter_.destroy();
}

void chain::wait(context& here, unsigned members, std::coroutine_handle<> h,
                 void (*stop)(scope_link&) noexcept) {
  counter_ = count(*this, members).h;
  slots_wanted = members;
  at = no_slot();
  detail::suspend(here, *this, *this, h, wait_kind::operation, stop);
}

void chain::stand_in_line(void (*start)(operation_base&, driver&)) noexcept {
  now_ = stage::waiting;
  failed = 0;
  begin = start;
  wait_to_start();
}

bool chain::refuse_at_once(context& here, std::size_t member, failure_code why,
                           std::coroutine_handle<> h) noexcept {
  now_ = stage::refused;
  refused_ = member;
  failed = why;
  at = no_slot();
  return give_way(here, *this, *this, h);
}

void chain::refuse_late(std::size_t member, failure_code why) noexcept {
  now_ = stage::refused;
  refused_ = member;
  failed = why;
  this_context().ready.push_back(*this);
}

void chain::note_started() noexcept {
  now_ = stage::started;
  running_ = slots_wanted;
  ring_driver::of(*io_).note_chain();
}

failure_code chain::why_not_begun(std::size_t member) const noexcept {
  return refused_ == all_members || refused_ == member ? failed : failure(errc::chain_broken);
}

void chain::suspend_member(operation_base& member) const noexcept {
  member.suspend(counter_, task, wait_kind::operation);
}

/// What the loop does for a coroutine that it resumes itself: the last member was in this one's
/// task, and in no scope.
std::coroutine_handle<> chain::one_ended() noexcept {
  CAROUSEL_ASSERT_STATE(running_ != 0, "a member of a chain of %u has ended after all of them had",
                        slots_wanted);
  if (--running_ != 0) return std::noop_coroutine();
  if (link != nullptr) this_context().scope = std::exchange(link, nullptr)->leave();
  if (task != nullptr) std::exchange(task, nullptr)->release();
  return handle;
}

}  // namespace carousel::detail
