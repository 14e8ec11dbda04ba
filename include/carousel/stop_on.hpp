#pragma once

#include "carousel/config.hpp"

#include <concepts>
#include <coroutine>
#include <optional>
#include <stop_token>
#include <utility>

#include "carousel/detail/driver/inner_scope.hpp"
#include "carousel/detail/driver/remote_queue.hpp"
#include "carousel/detail/verb/verb_output.hpp"
#include "carousel/task.hpp"

namespace carousel {

template <class Op>
class stop_on_operation;

/// Asks `op` to stop when somebody asks the token's source to, on whatever thread. It then ends
/// with errc::canceled in place of its result and gives its buffer back, unless it completed first:
/// then its data is the answer. The rules are those of timeout(); a loop that only waits for such a
/// stop is not stalled.
///
/// Throws std::system_error from the await if the process has no descriptor left for the loop's
/// first stop_on (an eventfd). Destroying the awaiting coroutine destroys `op`; it waits for a stop
/// that is being handed over on another thread just then.
template <class Op>
stop_on_operation<Op> stop_on(std::stop_token token, Op op) noexcept;
template <class T, class Op>
  requires(!std::convertible_to<T, std::stop_token>)
CAROUSEL_REFUSED(
    "first comes a std::stop_token, then what it stops: stop_on(token, queue.receive())")
stop_on_operation<task<>> stop_on(T&&, Op&&);

/// What stop_on() returns; awaited once.
///
///   before the await          inert; a token that was stopped by then makes the operation end at
///                             once
///   armed                     a stop_callback stands at the token. On the loop's thread, inside
///                             the runtime, it stops the scope itself; on any other it posts the
///                             node, and the loop stops the scope in its next turn
///   ended, destroyed, or the  the callback is taken from the token first, which waits for one that
///                             is running elsewhere; then
///   runtime is shut down      the node is disarmed, so that nobody refers to this object any
///                             more
template <class Op>
class [[nodiscard]] stop_on_operation : detail::remote_node {
  using output = typename detail::verb_output<typename detail::inner_await<Op>::output>::type;

 public:
  using resumed_by_loop = void;
  stop_on_operation(std::stop_token token, Op op) noexcept
      : token_(std::move(token)), inner_(std::move(op)) {}
  stop_on_operation(stop_on_operation&& inert) noexcept
      : token_(std::move(inert.token_)), inner_(std::move(inert.inner_)) {}
  stop_on_operation& operator=(stop_on_operation&&) = delete;
  ~stop_on_operation() { disarm(); }

  static constexpr bool await_ready() noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> h) {
    detail::context& here = detail::this_context();
    scope_.begin(here);
    try {
      if (token_.stop_requested()) {
        scope_.request_stop();
      } else if (token_.stop_possible()) {
        arm(here);
      }
      const bool waits = inner_.start(h);
      if (waits) scope_.step_out(here);
      return waits;
    } catch (...) {  // nothing was begun, and the coroutine goes on outside
      disarm();
      scope_.end(here);
      throw;
    }
  }
  [[nodiscard]] output await_resume() {
    disarm();
    const detail::inner_scope::ending at_exit(scope_);
    return detail::finish_inner(inner_, scope_.stopped(), errc::canceled);
  }

 private:
  struct notify {
    stop_on_operation& self;
    void operator()() const noexcept {
      if (detail::current_context == self.context_) {
        self.hear();
      } else {
        (void)self.box_->post(self);  // a loop that ends resets the callback before
      }
    }
  };

  void arm(detail::context& here) {
    fire = [](detail::mail& delivered) noexcept {
      static_cast<stop_on_operation&>(delivered).hear();
    };
    end_posts = [](remote_node& node) noexcept {
      static_cast<stop_on_operation&>(node).callback_.reset();
    };
    may_fire = [](const remote_node& node) noexcept {
      // A stop is requested before its callback runs, which may be about to post.
      const auto& self = static_cast<const stop_on_operation&>(node);
      return self.token_.stop_possible() && !self.heard_;
    };
    here.remote.arm(*this, here);
    context_ = &here;
    box_ = here.remote.box();
    callback_.emplace(token_, notify{*this});
  }
  void hear() noexcept {
    heard_ = true;
    scope_.request_stop();
  }
  void disarm() noexcept {
    callback_.reset();
    if (is_armed()) context_->remote.disarm(*this);
  }

  std::stop_token token_;
  bool heard_ = false;  ///< the stop
  detail::context* context_ = nullptr;
  detail::mailbox* box_ = nullptr;
  detail::inner_scope scope_;
  detail::inner_await<Op> inner_;
  std::optional<std::stop_callback<notify>> callback_;
};

template <class Op>
stop_on_operation<Op> stop_on(std::stop_token token, Op op) noexcept {
  return {std::move(token), std::move(op)};
}

}  // namespace carousel
