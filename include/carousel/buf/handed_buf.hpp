#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include "carousel/buf/io_buf.hpp"
#include "carousel/detail/buf/buf_collection.hpp"

namespace carousel {

/// A lease that was handed over, with fixed_buf::hand_over(), to whoever is to have it from now on:
/// another thread, an engine, a library of C. It is used, moved and destroyed on any thread, at any
/// time, also when the runtime and all handles of the pool are gone; its end is the check-in, and
/// allocates nothing. One thread at a time, as any object.
///
/// Operations of any runtime take it as a buffer, as ordinary and not as fixed ones, and own it
/// until the kernel's last completion; where a runtime cannot get it back before its deadline it is
/// out for ever. What is read into the memory by other means is waited for first by whoever asked
/// for that.
///
/// The pool hears of a check-in on its own thread, when it is asked for a buffer, or at once where
/// a task waits in it. Where all handles are gone too, whoever checks in the last frees the memory:
/// buffers that from() was given are destroyed there. Not in a child of fork(), if another thread
/// may have been checking in when it was made.
class handed_buf {
 public:
  /// Checks in what was released: a word without a state of its own, small enough for a
  /// std::function that takes nothing from the heap. Whoever has it calls it once. A second time
  /// stops the process, as long as the buffer is not out again and the pool lives.
  class deleter {
   public:
    /// Of no buffer, for a std::unique_ptr that has none; not to be called.
    deleter() noexcept = default;
    /// The pointer is not looked at.
    void operator()(const void* /*data*/) const noexcept { check_in(argument()); }

    // For interfaces of C, which take a function and its argument, with or without the data.

    [[nodiscard]] void* argument() const noexcept { return entry_; }
    static void check_in(void* argument) noexcept {
      CAROUSEL_ASSERT(argument != nullptr, "this deleter has no buffer to check in");
      auto& entry = *static_cast<detail::buf_entry*>(argument);
      entry.owner->give_back(entry);
    }
    static void check_in(void* /*data*/, void* argument) noexcept { check_in(argument); }

   private:
    friend class handed_buf;
    explicit deleter(detail::buf_entry* entry) noexcept : entry_(entry) {}
    detail::buf_entry* entry_ = nullptr;
  };

  handed_buf(const handed_buf&) = delete;  // a lease has one owner: write std::move(lease)
  handed_buf& operator=(const handed_buf&) = delete;
  handed_buf(handed_buf&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}
  handed_buf& operator=(handed_buf&& other) noexcept {
    if (this != &other) reset(std::exchange(other.entry_, nullptr));
    return *this;
  }
  ~handed_buf() { reset(nullptr); }

  [[nodiscard]] std::size_t capacity() const noexcept { return entry().capacity; }
  /// The fill, as that of the lease.
  [[nodiscard]] std::size_t size() const noexcept { return entry().size; }
  [[nodiscard]] std::span<std::byte> bytes() noexcept { return {entry().data, size()}; }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {entry().data, size()}; }
  /// What can still be filled; tell commit() about it.
  [[nodiscard]] std::span<std::byte> spare() noexcept {
    return {entry().data + size(), capacity() - size()};
  }
  /// n bytes of spare() were written.
  void commit(std::size_t n) noexcept {
    CAROUSEL_ASSERT_AT_MOST(n, capacity() - size(), "commit() takes at most the bytes of spare()");
    entry().set_size(size() + n);
  }

  /// Gives the memory away: it stays what it is until the deleter is called.
  [[nodiscard]] deleter release() && noexcept {
    (void)entry();
    return deleter(std::exchange(entry_, nullptr));
  }

 private:
  friend struct buf_traits<handed_buf>;
  friend class fixed_buf;
  explicit handed_buf(detail::buf_entry& handed) noexcept : entry_(&handed) {}

  void reset(detail::buf_entry* next) noexcept {
    if (detail::buf_entry* last = std::exchange(entry_, next); last != nullptr)
      last->owner->give_back(*last);
  }
  [[nodiscard]] detail::buf_entry& entry() const noexcept {
    CAROUSEL_ASSERT(entry_ != nullptr,
                    "this handed_buf was moved from or released: its buffer is somewhere else");
    return *entry_;
  }

  detail::buf_entry* entry_;
};

template <>
struct buf_traits<handed_buf> {
  static constexpr bool stable_address = true;
  static std::byte* data(const handed_buf& b) noexcept { return b.entry().data; }
  static std::size_t size(const handed_buf& b) noexcept { return b.size(); }
  static std::size_t capacity(const handed_buf& b) noexcept { return b.capacity(); }
  static void set_size(handed_buf& b, std::size_t n) noexcept { b.entry().set_size(n); }
};
static_assert(io_buf_mut<handed_buf>);

}  // namespace carousel
