#pragma once

#include <coroutine>
#include <exception>
#include <utility>

namespace carousel::test {

/// A coroutine type that knows nothing of carousel: it runs at once, and its frame belongs to this
/// object.
class foreign {
 public:
  struct promise_type {
    foreign get_return_object() noexcept {
      return foreign(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    static std::suspend_never initial_suspend() noexcept { return {}; }
    static std::suspend_always final_suspend() noexcept { return {}; }
    static void return_void() noexcept {}
    static void unhandled_exception() noexcept { std::terminate(); }
  };

  foreign() = default;
  foreign(foreign&& other) noexcept : h_(std::exchange(other.h_, nullptr)) {}
  foreign& operator=(foreign&& other) noexcept {
    std::swap(h_, other.h_);
    return *this;
  }
  ~foreign() { destroy(); }

  void destroy() noexcept {
    if (h_) std::exchange(h_, nullptr).destroy();
  }
  [[nodiscard]] bool done() const noexcept { return !h_ || h_.done(); }

 private:
  explicit foreign(std::coroutine_handle<promise_type> h) noexcept : h_(h) {}
  std::coroutine_handle<promise_type> h_;
};

}  // namespace carousel::test
