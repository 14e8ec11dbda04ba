#pragma once

#include <cstddef>

#include "carousel/detail/assert.hpp"

namespace carousel::detail {

/// A link of an intrusive doubly linked list. Tag lets one object stand in several lists. Unlinking is O(1), needs no
/// list, and happens at destruction, so that a suspended awaiter can vanish at any moment.
template <class Tag>
class list_hook {
 public:
  list_hook() = default;
  list_hook(const list_hook&) = delete;
  list_hook& operator=(const list_hook&) = delete;
  ~list_hook() { unlink(); }

  [[nodiscard]] bool linked() const noexcept { return next_ != nullptr; }

  void unlink() noexcept {
    if (next_ == nullptr) return;
    prev_->next_ = next_;
    next_->prev_ = prev_;
    prev_ = next_ = nullptr;
  }

 private:
  template <class, class>
  friend class list;
  list_hook* prev_ = nullptr;
  list_hook* next_ = nullptr;
};

/// Owns nothing. T derives publicly from list_hook<Tag>.
template <class T, class Tag>
class list {
  using hook = list_hook<Tag>;

 public:
  list() noexcept { head_.prev_ = head_.next_ = &head_; }
  list(const list&) = delete;
  list& operator=(const list&) = delete;
  ~list() {
    clear();
    head_.prev_ = head_.next_ = nullptr;
  }

  [[nodiscard]] bool empty() const noexcept { return head_.next_ == &head_; }
  [[nodiscard]] T& front() noexcept { return static_cast<T&>(*head_.next_); }
  [[nodiscard]] T& back() noexcept { return static_cast<T&>(*head_.prev_); }

  void push_back(T& item) noexcept { insert_before(head_, item); }
  void push_front(T& item) noexcept { insert_before(*head_.next_, item); }

  T& pop_front() noexcept {
    hook* const first = head_.next_;
    head_.next_ = first->next_;
    first->next_->prev_ = &head_;
    first->prev_ = first->next_ = nullptr;
    return static_cast<T&>(*first);
  }

  void clear() noexcept {
    while (!empty()) front().hook::unlink();
  }

  /// Appends all of `other`, which is empty afterwards.
  void splice_back(list& other) noexcept {
    if (other.empty()) return;
    other.head_.next_->prev_ = head_.prev_;
    head_.prev_->next_ = other.head_.next_;
    other.head_.prev_->next_ = &head_;
    head_.prev_ = other.head_.prev_;
    other.head_.prev_ = other.head_.next_ = &other.head_;
  }

  /// Unlinks up to `most` items from the front and calls `f` for each. `f` must not change the list.
  template <class F>
  std::size_t take_front(std::size_t most, F f) noexcept {
    std::size_t taken = 0;
    hook* first = head_.next_;
    for (; first != &head_ && taken != most; ++taken) {
      hook* const next = first->next_;
      first->prev_ = first->next_ = nullptr;
      f(static_cast<T&>(*first));
      first = next;
    }
    head_.next_ = first;
    first->prev_ = &head_;
    return taken;
  }

  /// `f` must not change the list.
  template <class F>
  void for_each(F f) {
    for (hook* h = head_.next_; h != &head_; h = h->next_) f(static_cast<T&>(*h));
  }

 private:
  static void insert_before(hook& next, hook& item) noexcept {
    CAROUSEL_ASSERT(!item.linked(), "a list node can stand in one list at a time");
    item.next_ = &next;
    item.prev_ = next.prev_;
    next.prev_->next_ = &item;
    next.prev_ = &item;
  }

  hook head_;
};

}  // namespace carousel::detail
