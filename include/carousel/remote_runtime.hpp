#pragma once

#include "carousel/config.hpp"

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "carousel/detail/driver/mailbox.hpp"
#include "carousel/detail/loop/remote_call.hpp"
#include "carousel/remote_result.hpp"
#include "carousel/spawn.hpp"

namespace carousel {

/// How other threads reach a runtime: a handle that may be copied, kept and used on any thread, at
/// any time, also after the runtime has ended. runtime::remote() makes it.
///
/// What is handed over runs on the runtime's thread, in a turn of its loop, between its tasks, in
/// the order in which one thread has handed it over; nothing waits, and no lock is held. What was
/// accepted before the runtime ends and did not run is destroyed there, on the runtime's thread,
/// after its tasks. A runtime that exit() leaves as it is runs and destroys nothing any more. In a
/// child of fork() there is no such runtime: a handle from before the fork refuses everything.
///
/// While a handle exists anywhere, a runtime in which every task waits is not stalled: somebody may
/// yet post. When the last goes it looks again.
class remote_runtime {
 public:
  /// Of no runtime, as one that was moved from: everything is refused, as after a runtime's end.
  remote_runtime() noexcept = default;
  /// Of the runtime that turns on this thread: for a task that others are to reach. Throws
  /// std::system_error where no eventfd can be had, std::bad_alloc.
  [[nodiscard]] static remote_runtime current();
  remote_runtime(const remote_runtime& other) noexcept : box_(other.box_) {
    if (box_ != nullptr) box_->add_handle();
  }
  remote_runtime(remote_runtime&&) noexcept = default;
  remote_runtime& operator=(remote_runtime other) noexcept {
    box_.swap(other.box_);
    return *this;
  }
  ~remote_runtime() {
    if (box_ != nullptr) box_->release_handle();
  }

  /// Runs f() on the runtime's thread and discards its value. No coroutine may wait in it: others
  /// do not run meanwhile. It may use what belongs to that thread: spawn(), set an event,
  /// abort a task. An exception that escapes from it ends the process with a sentence.
  ///
  /// False: the runtime has ended, and the callable was destroyed here; true promises only that it
  /// was handed over before the end. Throws std::bad_alloc; a callable of up to 80 bytes takes no
  /// memory from the heap once some have come and gone.
  template <class F>
  bool post(F&& f) const {  // NOLINT(modernize-use-nodiscard): who needs no answer asks for none
    using callable = std::decay_t<F>;
    static_assert(std::is_invocable_v<callable>, "post() takes a callable without parameters");
    static_assert(!detail::makes_a_task<callable>,
                  "post() would discard the task that this callable returns: use spawn()");
    if (box_ == nullptr) return false;
    return detail::remote_call<callable>::post(*box_, std::forward<F>(f));
  }

  /// Starts the task that f() returns, as spawn() does on the runtime's own thread, and gives what
  /// it will end with: errc::shut_down if the runtime has ended, or ends before the task does. The
  /// callable is moved into the task and lives as long. Throws std::bad_alloc.
  template <class F>
  remote_result<detail::task_value<std::decay_t<F>>> spawn(F&& f) const {
    using callable = std::decay_t<F>;
    static_assert(detail::makes_a_task<callable>,
                  "remote_runtime::spawn() takes a callable that returns a carousel::task");
    using value = detail::task_value<callable>;
    static_assert(!std::is_reference_v<value>, "a reference is of no use on another thread");
    auto outcome = std::make_shared<detail::remote_outcome<value>>();
    outcome->producer = box_.get();
    remote_result<value> made(outcome);
    (void)post(starter<value, callable>{std::forward<F>(f),
                                        detail::remote_promise<value>(std::move(outcome))});
    return made;
  }

  template <class F, class A, class... More>
  CAROUSEL_REFUSED(
      "remote_runtime::spawn() takes a callable without parameters: what its task needs is "
      "captured")
  remote_result<void> spawn(F&&, A&&, More&&...) const;

 private:
  friend class runtime;
  explicit remote_runtime(std::shared_ptr<detail::mailbox> box) noexcept : box_(std::move(box)) {
    box_->add_handle();
  }

  template <class T, class F>
  static task<> run(F f, detail::remote_promise<T> promise) {
    try {
      if constexpr (std::is_void_v<T>) {
        co_await std::invoke(std::move(f));
      } else {
        promise.outcome()->value.emplace(co_await std::invoke(std::move(f)));
      }
    } catch (...) {
      promise.end_with_exception();
      co_return;
    }
    promise.end();
  }
  template <class T, class F>
  struct starter {
    F f;
    detail::remote_promise<T> promise;
    void operator()() && {
      const std::shared_ptr<detail::remote_outcome<T>> outcome = promise.outcome();
      outcome->starting = true;
      try {
        carousel::spawn(run<T, F>, std::move(f), std::move(promise)).detach();
        outcome->starting = false;
      } catch (...) {  // no memory for the task, and the promise may be gone with it
        outcome->end_with_exception();
      }
    }
  };

  std::shared_ptr<detail::mailbox> box_;  ///< null: of no runtime
};

}  // namespace carousel
