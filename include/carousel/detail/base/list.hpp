#pragma once

#include <cstddef>

#include "carousel/detail/base/assert.hpp"

namespace carousel::detail {

/// A link of an intrusive doubly linked list. Tag lets one object stand in several lists. Unlinking
/// is O(1) and needs no list. Whoever has one calls start_unlinked() before anything else, and
/// unlinks it before it is destroyed.
template <class Tag>
class list_link {
 public:
  // NOLINTNEXTLINE(modernize-use-equals-default): `= default` would let `T{}` clear it
  list_link() noexcept {}
  list_link(const list_link&) = delete;
  list_link& operator=(const list_link&) = delete;

  void start_unlinked() noexcept { next_ = nullptr; }
  [[nodiscard]] bool linked() const noexcept { return next_ != nullptr; }

  void unlink() noexcept {
    if (next_ == nullptr) return;
    prev_->next_ = next_;
    next_->prev_ = prev_;
    next_ = nullptr;
  }

 protected:
  ~list_link() = default;

 private:
  template <class, class>
  friend class list;
  list_link* prev_;
  list_link* next_;  ///< null: it stands in no list
};

/// A link that takes care of itself, so that its owner can vanish at any moment.
template <class Tag>
class list_hook : public list_link<Tag> {
 public:
  list_hook() noexcept { this->start_unlinked(); }
  ~list_hook() { this->unlink(); }
};

/// Owns nothing. T derives publicly from list_link<Tag>.
template <class T, class Tag>
class list {
  using hook = list_link<Tag>;

 public:
  list() noexcept { head_.prev_ = head_.next_ = &head_; }
  list(const list&) = delete;
  list& operator=(const list&) = delete;
  ~list() { clear(); }

  [[nodiscard]] bool empty() const noexcept { return head_.next_ == &head_; }
  [[nodiscard]] T& front() noexcept { return static_cast<T&>(*head_.next_); }
  [[nodiscard]] const T& front() const noexcept { return static_cast<const T&>(*head_.next_); }
  [[nodiscard]] T& back() noexcept { return static_cast<T&>(*head_.prev_); }

  void push_back(T& item) noexcept { insert_before(head_, item); }
  void push_front(T& item) noexcept { insert_before(*head_.next_, item); }

  T& pop_front() noexcept {
    hook* const first = head_.next_;
    head_.next_ = first->next_;
    first->next_->prev_ = &head_;
    first->next_ = nullptr;
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

  struct : hook {
  } head_;
};

}  // namespace carousel::detail
