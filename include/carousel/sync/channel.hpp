#pragma once

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "carousel/detail/driver/wait_line.hpp"
#include "carousel/result.hpp"

namespace carousel {

/// A queue with a limit between tasks of one thread. Values arrive in the order in which they were
/// sent; senders wait while it is full and receivers while it is empty, each in the order in which
/// they began to.
///
/// No value is lost: one that was not sent comes back to its sender, and what was meant for a
/// receiver that is destroyed goes to the next. Waiting and sending allocate nothing, and any verb
/// around them may stop them. Not thread-safe. It must outlive whoever waits for it. T moves
/// without throwing.
template <class T>
class channel {
  static_assert(std::is_nothrow_move_constructible_v<T>,
                "what a channel carries moves without throwing, so that none is lost: its move "
                "constructor is noexcept");

 public:
  class send_operation;
  class receive_operation;

  /// Room for `capacity` values, at least one. Throws std::bad_alloc.
  explicit channel(std::size_t capacity) : room_(capacity) {
    CAROUSEL_ASSERT(capacity > 0, "a channel has room for one value at least");
  }

  /// The number of values that nobody has received yet.
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] bool closed() const noexcept { return closed_; }
  /// No value is sent any more: senders that wait get theirs back. What is in it can be received;
  /// then receivers get the error.
  void close() noexcept {
    closed_ = true;
    while (!senders_.empty()) senders_.front().serve();
    if (count_ == promised_) {
      while (!receivers_.empty()) receivers_.front().serve();
    }
  }

  /// Awaited: buf_result<void, std::optional<T>>, with the value in `buf` if it was not sent.
  /// Errors: closed, canceled.
  ///
  /// g++ 12 destroys a temporary aggregate twice in `co_await q.send(job{path, size})`: give it a
  /// name first, or let send(path, size) make it.
  [[nodiscard]] send_operation send(T value) noexcept { return {*this, std::move(value)}; }
  /// The same with a value that is made of several arguments: T(first, second, ...).
  template <class First, class Second, class... More>
    requires std::is_constructible_v<T, First, Second, More...>
  [[nodiscard]] send_operation send(First&& first, Second&& second, More&&... more) {
    return send(
        T(std::forward<First>(first), std::forward<Second>(second), std::forward<More>(more)...));
  }
  /// Takes the value and returns true if there is room and the channel is open; else the value
  /// stays as it is.
  [[nodiscard]] bool try_send(T& value) noexcept {
    if (closed_ || full()) return false;
    push(std::move(value));
    return true;
  }
  [[nodiscard]] bool try_send(T&& value) noexcept { return try_send(value); }
  /// Awaited: result<T>. Errors: closed, once all is received; canceled.
  [[nodiscard]] receive_operation receive() noexcept { return receive_operation(*this); }
  /// Nothing when it is empty, and also when values are for others who have waited and did not run
  /// yet.
  [[nodiscard]] std::optional<T> try_receive() noexcept {
    if (count_ == 0 || promised_ > 0) return std::nullopt;
    return pop();
  }

 private:
  class sender : detail::line_waiter {
   public:
    sender(channel& to, T&& value) noexcept : to_(to), value_(std::move(value)) {
      reason = "waits for room in a channel";
    }
    static bool await_ready() noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> h) noexcept {
      if (!detail::this_context().stopped() && (to_.closed_ || !to_.full())) deliver();
      return wait(to_.senders_, h);
    }
    [[nodiscard]] buf_result<void, std::optional<T>> await_resume() noexcept {
      if (!value_) return {result<>{}, std::nullopt};
      const errc why = served() ? errc::closed : errc::canceled;
      return {std::unexpected(make_error_code(why)), std::move(value_)};
    }

   private:
    friend class channel;
    void deliver() noexcept {
      if (!to_.closed_) {
        to_.push(std::move(*value_));
        value_.reset();
      }
      serve();
    }

    channel& to_;
    std::optional<T> value_;  ///< until it is in the channel
  };

  class receiver : detail::line_waiter {
   public:
    explicit receiver(channel& from) noexcept : from_(from) {
      reason = "waits for a value from a channel";
    }
    receiver(const receiver&) = delete;
    receiver& operator=(const receiver&) = delete;
    ~receiver() {
      if (promised_) {
        from_.count_off_promise();
        from_.promise();
      }
    }
    static bool await_ready() noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> h) noexcept {
      if (!detail::this_context().stopped()) {
        if (from_.count_ > 0 && from_.promised_ == 0) {
          accept();
        } else if (from_.closed_ && from_.count_ == from_.promised_) {
          serve();
        }
      }
      const bool waits = wait(from_.receivers_, h);
      if (waits) from_.promise();  // a value may be there, behind those of receivers that run next
      return waits;
    }
    [[nodiscard]] result<T> await_resume() noexcept {
      if (std::exchange(promised_, false)) {
        from_.count_off_promise();
        return from_.pop();
      }
      return std::unexpected(make_error_code(served() ? errc::closed : errc::canceled));
    }

   private:
    friend class channel;
    void accept() noexcept {
      promised_ = true;
      ++from_.promised_;
      serve();
    }

    channel& from_;
    bool promised_ = false;  ///< one of the values in the channel is for it
  };

  [[nodiscard]] bool full() const noexcept { return count_ == room_.size(); }
  void push(T&& value) noexcept {
    room_[(first_ + count_++) % room_.size()].emplace(std::move(value));
    promise();
  }
  /// The room that this leaves is the first waiting sender's.
  [[nodiscard]] T pop() noexcept {
    std::optional<T>& first = room_[first_];
    T value = std::move(*first);
    first.reset();
    first_ = (first_ + 1) % room_.size();
    CAROUSEL_ASSERT(count_ != 0, "more values were taken from a channel than were sent");
    --count_;
    if (!senders_.empty()) static_cast<sender&>(senders_.front()).deliver();
    return value;
  }
  void count_off_promise() noexcept {
    CAROUSEL_ASSERT(promised_ != 0, "more values of a channel were taken than were promised");
    --promised_;
  }
  /// Values that are nobody's are for those who wait; in a closed channel without any, nothing will
  /// come.
  void promise() noexcept {
    while (!receivers_.empty() && count_ > promised_)
      static_cast<receiver&>(receivers_.front()).accept();
    if (!closed_ || count_ > promised_) return;
    while (!receivers_.empty()) receivers_.front().serve();
  }

  std::vector<std::optional<T>> room_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  std::size_t promised_ = 0;  ///< of them, to receivers that have not run yet
  bool closed_ = false;
  detail::wait_line senders_;
  detail::wait_line receivers_;
};

/// What send() returns; awaited once.
template <class T>
class [[nodiscard]] channel<T>::send_operation {
 public:
  using resumed_by_loop = void;
  sender operator co_await() && noexcept { return {to_, std::move(value_)}; }

 private:
  friend channel;
  send_operation(channel& to, T&& value) noexcept : to_(to), value_(std::move(value)) {}

  channel& to_;
  T value_;
};

/// What receive() returns; awaited once.
template <class T>
class [[nodiscard]] channel<T>::receive_operation {
 public:
  using resumed_by_loop = void;
  receiver operator co_await() && noexcept { return receiver(from_); }

 private:
  friend channel;
  explicit receive_operation(channel& from) noexcept : from_(from) {}

  channel& from_;
};

}  // namespace carousel
