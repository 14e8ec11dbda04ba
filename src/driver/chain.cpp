#include "carousel/detail/driver/chain.hpp"

#include <new>
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
chain_counter chain::count(chain& all, std::uint32_t members) {
  for (std::uint32_t ended = 0; ended <= members; ++ended) co_await step{all};
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

void chain::wait(context& here, const members_of& members, std::coroutine_handle<> h) {
  counter_ = count(*this, members.count).h;
  members_ = &members;
  slots_wanted = static_cast<std::uint16_t>(here.scope != nullptr ? 1 : members.count);
  failed = 0;
  at = no_slot();
  detail::suspend(here, *this, *this, h, wait_kind::operation, &stop);
}

void chain::stand_in_line() noexcept {
  begin = [](operation_base& self, driver& io) {
    auto& all = static_cast<chain&>(self);
    if (!all.members_->start_next(all, io)) this_context().ready.push_back(all);
  };
  wait_to_start();
}

bool chain::refuse_at_once(context& here, std::size_t member, failure_code why,
                           std::coroutine_handle<> h) noexcept {
  note_refused(member, why);
  slots_wanted = 1;
  at = no_slot();
  return give_way(here, *this, *this, h);
}

void chain::note_refused(std::size_t member, failure_code why) noexcept {
  refused_ = member;
  failed = why;
}

void chain::note_begun(std::uint32_t members) noexcept {
  begun_ += members;
  running_ = members;
  if (members > 1) ring_driver::of(*io_).note_chain();
}

failure_code chain::why_not_begun(std::size_t member) const noexcept {
  const bool is_its_own = refused_ == all_members || refused_ == member;
  return failed != 0 && is_its_own ? failed : failure(errc::chain_broken);
}

void chain::suspend_member(operation_base& member) const noexcept {
  member.suspend(counter_, task, wait_kind::chain_member);
}

void chain::stop(scope_link& link) noexcept {
  auto& self = static_cast<chain&>(link);
  if (self.running_ == 0) return self.request_stop();
  if (self.begun_ != self.members_->count) self.failed = failure(errc::canceled);
  self.members_->request_stop(self);
}

/// There is a next member, and what has become of the last lets it begin.
bool chain::goes_on() const noexcept {
  return begun_ != members_->count && failed == 0 && members_->last_is_whole(*this);
}

/// The next member does, or stands in line for it. False: it does not.
bool chain::begin_next() noexcept {
  if (!io_->can_start(slots_wanted)) {
    stand_in_line();
    return true;
  }
  try {
    return members_->start_next(*this, *io_);
  } catch (const std::bad_alloc&) {
    failed = failure(std::errc::not_enough_memory);
    return false;
  }
}

/// The awaiting coroutine goes on in its own task and scope. The loop restores these for whom it
/// resumes, which was the last member: in the same task, but in no scope.
std::coroutine_handle<> chain::one_ended() noexcept {
  CAROUSEL_ASSERT_STATE(running_ != 0, "a member of a chain of %u has ended after all of them had",
                        members_->count);
  --running_;
  members_->let_go_of_ended(*this);
  if (running_ != 0) return std::noop_coroutine();
  if (goes_on() && begin_next()) return std::noop_coroutine();
  if (link != nullptr) this_context().scope = std::exchange(link, nullptr)->leave();
  if (task != nullptr) std::exchange(task, nullptr)->release();
  return handle;
}

}  // namespace carousel::detail
