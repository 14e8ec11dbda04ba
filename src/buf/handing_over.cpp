#include <algorithm>
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
  handed_->add(e);
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

bool buf_collection::handed_came_back() noexcept {
  const collection_ref own = (retain(), collection_ref(this));
  check_in_handed();
  return something_waits();
}

bool buf_collection::something_waits() noexcept {
  if (closed_ || closer_ != nullptr) return true;
  bool any = std::ranges::any_of(classes_, [](const size_class& c) { return !c.waiters.empty(); });
  groups_.for_each([&](group_record& group) { any = any || !group.buffers().waiters.empty(); });
  return any;
}

void buf_collection::last_handed_is_back() noexcept {
  still_leased_ = 0;
  delete this;
}

}  // namespace carousel::detail
