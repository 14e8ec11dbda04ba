#include <memory>
#include <new>
#include <system_error>
#include <utility>

#include "carousel/detail/buf/buf_collection.hpp"
#include "carousel/detail/buf/group_record.hpp"
#include "carousel/detail/buf/handed_leases.hpp"

// Leases that leave a collection's thread, and how they come back to it.

namespace carousel::detail {

void buf_collection::hand_over(buf_entry& e) {
  registration_.check_thread();
  if (handed_ == nullptr) handed_ = std::make_shared<handed_leases>(*this);
  if (buffer_waiter* const first = first_waiter(); first != nullptr) handed_->ask(first->home());
  handed_->add(e);
  if (refs_ == 0) end_if_unused();
}

void buf_collection::give_back(buf_entry& e) noexcept { handed_->give_back(e); }

void buf_collection::check_in_handed() noexcept {
  for (buf_entry* e = handed_->take_returned(); e != nullptr;) {
    buf_entry& one = *std::exchange(e, e->next_free);  // the last one may end the collection
    unpoison(one.data, one.capacity);
    check_in(one);
  }
}

failure_code buf_collection::hear_of_handed(context& here) noexcept {
  if (handed_ == nullptr || handed_->out() == 0) return 0;
  try {
    handed_->ask(here);
    return 0;
  } catch (const std::system_error& no_eventfd) {
    return failure(no_eventfd.code());
  } catch (const std::bad_alloc&) {
    return failure(std::errc::not_enough_memory);
  }
}

void buf_collection::handed_came_back() noexcept {
  const collection_ref own = (retain(), collection_ref(this));
  check_in_handed();
  hear_only_what_is_awaited();
}

/// A registration that is to be given up, when the last lease is back, awaits that too.
void buf_collection::hear_only_what_is_awaited() noexcept {
  const bool is_giving_up = closed_ && registration_.with() != nullptr && handed_->out() != 0;
  if (!is_giving_up && first_waiter() == nullptr) handed_->stop_hearing();
}

buffer_waiter* buf_collection::first_waiter() noexcept {
  if (closer_ != nullptr) return closer_;
  const auto of = [](size_class& c) {
    return c.waiters.empty() ? nullptr : &static_cast<buffer_waiter&>(c.waiters.front());
  };
  buffer_waiter* first = nullptr;
  for (size_class& c : classes_)
    if (first = of(c); first != nullptr) return first;
  groups_.for_each([&](group_record& group) {
    if (first == nullptr) first = of(group.buffers());
  });
  return first;
}

void buf_collection::last_handed_is_back() noexcept {
  still_leased_ = 0;
  delete this;
}

}  // namespace carousel::detail
