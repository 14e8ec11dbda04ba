#include "carousel/detail/buf/handed_leases.hpp"

#include <utility>

#include "base/state_assert.hpp"
#include "carousel/detail/base/poison.hpp"
#include "carousel/detail/buf/buf_collection.hpp"
#include "carousel/detail/driver/context.hpp"

namespace carousel::detail {

handed_leases::door::door(handed_leases& leases, std::shared_ptr<mailbox> to) noexcept
    : of(leases), box(std::move(to)) {
  fire = [](mail& here) noexcept {
    const arrival news = arrived(static_cast<door&>(here));
    if (news.is_awaited) news.of->whole_.handed_came_back();
  };
  discard = [](mail& here) noexcept {
    const arrival news = arrived(static_cast<door&>(here));
    if (news.is_awaited) news.of->stop_hearing();
  };
}

handed_leases::~handed_leases() { stop_asking(); }

buf_entry* handed_leases::take_returned() noexcept {
  if (returned_.load(std::memory_order_relaxed) == nullptr) return nullptr;
  const std::lock_guard own(lock_);
  out_ -= std::exchange(returned_count_, 0);
  return returned_.exchange(nullptr, std::memory_order_relaxed);
}

void handed_leases::ask(context& here) {
  const std::shared_ptr<mailbox>& box = here.remote.open(here);
  const std::lock_guard own(lock_);
  if (door_ == nullptr || door_->box != box) {
    auto made = std::make_shared<door>(*this, box);
    stop_asking();
    door_ = std::move(made);
  }
  if (std::exchange(door_->is_asking, true)) return;
  box->add_handle();  // a runtime in which a task waits for one of these is not stalled
}

void handed_leases::stop_hearing() noexcept {
  const std::lock_guard own(lock_);
  stop_asking();
}

bool handed_leases::leave() noexcept {
  const std::lock_guard own(lock_);
  left_ = true;
  stop_asking();
  returned_.store(nullptr, std::memory_order_relaxed);
  out_ -= std::exchange(returned_count_, 0);
  return out_ == 0;
}

void handed_leases::give_back(buf_entry& e) noexcept {
  {
    const std::lock_guard own(lock_);
    CAROUSEL_ASSERT_STATE(e.next_free == &e,
                          "a buffer that was handed over was checked in twice: number %u, of %zu "
                          "bytes",
                          e.index, e.capacity);
    poison(e.data, e.capacity);
    e.next_free = nullptr;
    if (!left_) {
      e.next_free = returned_.load(std::memory_order_relaxed);
      returned_.store(&e, std::memory_order_relaxed);
      ++returned_count_;
      notify();
      return;
    }
    if (--out_ != 0) return;
  }
  whole_.last_handed_is_back();
}

void handed_leases::notify() noexcept {
  if (door_ == nullptr || !door_->is_asking || door_->posted_of != nullptr) return;
  door_->posted_of = shared_from_this();
  door_->posted_self = door_;
  if (door_->box->post(*door_)) return;
  door_->posted_of.reset();
  door_->posted_self.reset();
  stop_asking();
}

void handed_leases::stop_asking() noexcept {
  if (door_ != nullptr && std::exchange(door_->is_asking, false)) door_->box->release_handle();
}

handed_leases::arrival handed_leases::arrived(door& by) noexcept {
  const std::lock_guard own(by.of.lock_);
  handed_leases& of = by.of;
  return {.of = std::move(by.posted_of),
          .by = std::move(by.posted_self),
          .is_awaited = !of.left_ && of.door_.get() == &by && by.is_asking};
}

}  // namespace carousel::detail
