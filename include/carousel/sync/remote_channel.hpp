#pragma once

#include "carousel/config.hpp"

#include <coroutine>
#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "carousel/detail/sync/remote_cells.hpp"
#include "carousel/result.hpp"

namespace carousel {

/// A queue with a limit between tasks of any runtimes, and plain threads. Its ends are one kind of
/// handle, which may be copied and used on any thread: a task sends in the runtime that it runs in,
/// another receives in its own. Values arrive in the order in which they were put in; senders wait
/// while it is full and receivers while it is empty, each in the order in which they began to.
///
/// Each value arrives once: one that was not sent comes back to its sender, and what was meant for
/// a receiver that is destroyed, or whose runtime ends, goes to the next. What is in the channel
/// outlives the runtimes; it is destroyed with the last handle, by whoever has that. Waiting and
/// sending allocate nothing, and any verb around them may stop them. No lock is held while a value
/// is moved or destroyed. T moves without throwing.
///
/// A runtime in which a task waits here is not stalled while the channel is open: somebody outside
/// may come.
template <class T>
class remote_channel {
  static_assert(std::is_nothrow_move_constructible_v<T>,
                "what a channel carries moves without throwing, so that none is lost: its move "
                "constructor is noexcept");

  struct cell : detail::remote_cell {
    std::optional<T> value;
  };
  struct state : detail::remote_cells {
    std::vector<cell> room;
    explicit state(std::size_t capacity) : room(capacity) {
      for (cell& one : room) empty(one);
    }
    [[nodiscard]] T take(detail::remote_cell& full) noexcept {
      std::optional<T>& there = static_cast<cell&>(full).value;
      T value = std::move(*there);
      there.reset();
      empty(full);
      return value;
    }
    /// What was not put in, because the channel is closed.
    [[nodiscard]] std::optional<T> put(detail::remote_cell& into, T&& value) noexcept {
      std::optional<T>& there = static_cast<cell&>(into).value;
      there.emplace(std::move(value));
      if (fill(into)) return std::nullopt;
      return take(into);
    }
  };

 public:
  class send_operation;
  class receive_operation;

  /// Room for `capacity` values, at least one. Throws std::bad_alloc.
  explicit remote_channel(std::size_t capacity) {
    CAROUSEL_ASSERT(capacity > 0, "a channel has room for one value at least");
    state_ = std::make_shared<state>(capacity);
  }

  [[nodiscard]] bool closed() const noexcept { return checked()->closed(); }
  /// No value is sent any more: senders that wait get theirs back. What is in it can be received;
  /// then receivers get the error.
  void close() const noexcept { checked()->close(); }

  /// Awaited in a task: buf_result<void, std::optional<T>>, with the value in `buf` if it was not
  /// sent. Errors: closed, canceled. Throws std::system_error where no eventfd can be had for the
  /// runtime. An aggregate needs a name first with g++ 12 (channel::send).
  [[nodiscard]] send_operation send(T value) const noexcept {
    return {checked(), std::move(value)};
  }
  /// On any thread. Takes the value and returns true if there is room and the channel is open; else
  /// the value stays as it is.
  [[nodiscard]] bool try_send(T& value) const noexcept {
    detail::remote_cell* const free = checked()->try_take_empty();
    if (free == nullptr) return false;
    std::optional<T> refused = checked()->put(*free, std::move(value));
    if (!refused) return true;
    std::destroy_at(&value);
    std::construct_at(&value, std::move(*refused));
    return false;
  }
  [[nodiscard]] bool try_send(T&& value) const noexcept { return try_send(value); }

  /// Awaited in a task: result<T>. Errors: closed, once all is received; canceled. Throws as send()
  /// does.
  [[nodiscard]] receive_operation receive() const noexcept { return receive_operation(checked()); }
  /// On any thread. Nothing when it is empty.
  [[nodiscard]] std::optional<T> try_receive() const noexcept {
    detail::remote_cell* const full = checked()->try_take_full();
    if (full == nullptr) return std::nullopt;
    return checked()->take(*full);
  }

 private:
  /// Outlives the waiter's place in the line.
  struct state_holder {
    std::shared_ptr<state> shared;
  };

  class sender : state_holder, detail::cell_waiter {
   public:
    sender(std::shared_ptr<state> to, T&& value) noexcept
        : state_holder{std::move(to)},
          cell_waiter(this->shared->guard(), "waits for room in a channel between runtimes"),
          value_(std::move(value)) {
      this->pass_on = [](detail::remote_waiter& w) noexcept {
        auto& self = static_cast<sender&>(w);
        if (self.cell != nullptr) self.shared->give_empty(*self.cell);
      };
    }
    sender(const sender&) = delete;
    sender& operator=(const sender&) = delete;
    ~sender() { this->leave(); }

    static constexpr bool await_ready() noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> h) {
      state& to = *this->shared;
      return this->wait(h, to.senders(), [&] { return to.take_empty(this->cell); });
    }
    [[nodiscard]] buf_result<void, std::optional<T>> await_resume() noexcept {
      if (!this->take()) return refused(errc::canceled, std::move(value_));
      if (this->cell == nullptr) return refused(errc::closed, std::move(value_));
      std::optional<T> back = this->shared->put(*this->cell, std::move(value_));
      if (back) return refused(errc::closed, std::move(*back));
      return {result<>{}, std::nullopt};
    }

   private:
    static buf_result<void, std::optional<T>> refused(errc why, T&& value) noexcept {
      return {std::unexpected(make_error_code(why)), std::move(value)};
    }
    T value_;
  };

  class receiver : state_holder, detail::cell_waiter {
   public:
    explicit receiver(std::shared_ptr<state> from) noexcept
        : state_holder{std::move(from)},
          cell_waiter(this->shared->guard(), "waits for a value from a channel between runtimes") {
      this->pass_on = [](detail::remote_waiter& w) noexcept {
        auto& self = static_cast<receiver&>(w);
        if (self.cell != nullptr) self.shared->give_back_full(*self.cell);
      };
    }
    receiver(const receiver&) = delete;
    receiver& operator=(const receiver&) = delete;
    ~receiver() { this->leave(); }

    static constexpr bool await_ready() noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> h) {
      state& from = *this->shared;
      return this->wait(h, from.receivers(), [&] { return from.take_full(this->cell); });
    }
    [[nodiscard]] result<T> await_resume() noexcept {
      if (!this->take()) return std::unexpected(make_error_code(errc::canceled));
      if (this->cell == nullptr) return std::unexpected(make_error_code(errc::closed));
      return this->shared->take(*this->cell);
    }
  };

  [[nodiscard]] const std::shared_ptr<state>& checked() const noexcept {
    CAROUSEL_ASSERT(state_ != nullptr, "this remote_channel was moved from");
    return state_;
  }

  std::shared_ptr<state> state_;
};

/// What send() returns; awaited once.
template <class T>
class [[nodiscard]] remote_channel<T>::send_operation {
 public:
  using resumed_by_loop = void;
  sender operator co_await() && noexcept { return {std::move(to_), std::move(value_)}; }

 private:
  friend remote_channel;
  send_operation(std::shared_ptr<state> to, T&& value) noexcept
      : to_(std::move(to)), value_(std::move(value)) {}

  std::shared_ptr<state> to_;
  T value_;
};

/// What receive() returns; awaited once.
template <class T>
class [[nodiscard]] remote_channel<T>::receive_operation {
 public:
  using resumed_by_loop = void;
  receiver operator co_await() && noexcept { return receiver(std::move(from_)); }

 private:
  friend remote_channel;
  explicit receive_operation(std::shared_ptr<state> from) noexcept : from_(std::move(from)) {}

  std::shared_ptr<state> from_;
};

}  // namespace carousel
