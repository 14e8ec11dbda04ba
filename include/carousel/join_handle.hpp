#pragma once

#include <cstdio>
#include <utility>

#include "carousel/detail/loop/task_record.hpp"

namespace carousel {

namespace detail {
template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<std::expected<T, std::error_code>> = true;
}  // namespace detail

/// The right to wait for a spawned task, or to end it. Move-only; used on the runtime's thread.
///
/// `co_await std::move(handle)` gives the task's value or rethrows its exception. An aborted task
/// gives errc::canceled: as the value if T is a result, as std::system_error otherwise. Destroying
/// the handle detaches the task: it goes on alone, and an exception that nobody can receive any
/// more ends the process with a sentence.
///
/// A request to stop (timeout, stop_on, when_any) does not reach into the task. It ends the waiting
/// in the same words as an abort, and detaches the task, if T is a result or void; for any other T,
/// a buf_result above all, the join waits on, because what the task brings would be lost.
template <class T>
class join_handle {
  using record = detail::task_outcome<T>;

 public:
  using resumed_by_loop = void;
  explicit join_handle(record* adopted) noexcept : record_(adopted) {}
  join_handle(const join_handle&) = delete;  // a join handle has one owner: write std::move(h)
  join_handle& operator=(const join_handle&) = delete;
  join_handle(join_handle&& other) noexcept : record_(std::exchange(other.record_, nullptr)) {}
  join_handle& operator=(join_handle&& other) noexcept {
    if (this != &other) detach(std::exchange(record_, std::exchange(other.record_, nullptr)));
    return *this;
  }
  ~join_handle() { detach(record_); }

  /// Destroys a suspended task at once: everything in its frames is destroyed before abort()
  /// returns, and its operations are cancelled behind its back. The running task is destroyed at
  /// its next suspension; a finished one is left alone.
  void abort() noexcept { checked().abort(); }
  /// The task has finished or was aborted: awaiting it does not wait.
  [[nodiscard]] bool done() const noexcept { return checked().has_ended(); }
  void detach() && noexcept { detach(std::exchange(record_, nullptr)); }

  auto operator co_await() && noexcept {
    (void)checked();
    return awaiter{std::exchange(record_, nullptr)};
  }

 private:
  struct awaiter : detail::scope_link, detail::parked_waiter {
    static constexpr bool stoppable = std::is_void_v<T> || detail::is_result<T>;
    record* joined;
    bool stopped = false;
    explicit awaiter(record* adopted) noexcept : joined(adopted) {}
    ~awaiter() {
      joined->joiner = nullptr;
      detach(joined);
    }
    bool await_ready() const noexcept { return joined->has_ended(); }
    void await_suspend(std::coroutine_handle<> h) noexcept {
      detail::context& here = detail::this_context();
      detail::suspend(
          here, *this, *this, h, detail::wait_kind::join,
          [](detail::scope_link& self) noexcept { static_cast<awaiter&>(self).stop(); });
      write_reason = [](const detail::parked_waiter& w, std::FILE* out) {
        std::fprintf(out, "waits for task %u to end\n", static_cast<const awaiter&>(w).joined->id);
      };
      joined->joiner = this;
      park(here);
      if (here.stopped()) stop();
    }
    void stop() noexcept {
      if (stoppable && wake()) stopped = true;  // else it is on its way already
    }
    [[nodiscard]] T await_resume() {
      if (joined->aborted || (stopped && !joined->finished)) {
        if constexpr (detail::is_result<T>) {
          return std::unexpected(make_error_code(errc::canceled));
        } else {
          throw std::system_error(
              make_error_code(errc::canceled),
              stopped ? "a join was stopped" : "a task that was joined was aborted");
        }
      }
      if (joined->failure) std::rethrow_exception(std::exchange(joined->failure, nullptr));
      return joined->take();
    }
  };

  static void detach(record* r) noexcept {
    if (r == nullptr) return;
    r->detach();
    r->release();
  }
  record& checked() const noexcept {
    CAROUSEL_ASSERT(record_ != nullptr, "this join_handle was moved from, awaited or detached");
    return *record_;
  }

  record* record_;

 public:
  CAROUSEL_REFUSED("a join handle is awaited once, as an rvalue: co_await std::move(handle)")
  awaiter operator co_await() &;
};

}  // namespace carousel
