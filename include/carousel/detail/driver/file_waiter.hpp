#pragma once

#include "carousel/config.hpp"

namespace carousel::detail {

/// Who waits for the sake of a file, and not in the kernel. It stands in the file's list meanwhile,
/// and is told when that is closed. The list is one pointer, for each open file has it.
class file_waiter {
 public:
  explicit file_waiter(void (*on_closed)(file_waiter&) noexcept) noexcept : on_closed_(on_closed) {}
  file_waiter(const file_waiter&) = delete;
  file_waiter& operator=(const file_waiter&) = delete;

  void stand_in(file_waiter*& list) noexcept {
    next_ = list;
    if (next_ != nullptr) next_->at_ = &next_;
    at_ = &list;
    list = this;
  }
  /// Leaves the list.
  void tell_closed() noexcept {
    leave();
    on_closed_(*this);
  }

 protected:
  ~file_waiter() { leave(); }

 private:
  void leave() noexcept {
    if (at_ == nullptr) return;
    *at_ = next_;
    if (next_ != nullptr) next_->at_ = at_;
    at_ = nullptr;
  }

  void (*on_closed_)(file_waiter&) noexcept;
  file_waiter** at_ = nullptr;  ///< what leads to it; null: it stands in no list
  file_waiter* next_ = nullptr;
};

}  // namespace carousel::detail
