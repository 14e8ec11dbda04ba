#pragma once

#include <coroutine>
#include <utility>

namespace carousel::test {

/// A coroutine of the user's own that lets its exceptions out, into whoever resumes it. Its frame
/// belongs to this object.
class throws_out {
 public:
  struct promise_type {
    throws_out get_return_object() noexcept {
      return throws_out(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    static std::suspend_never initial_suspend() noexcept { return {}; }
    static std::suspend_always final_suspend() noexcept { return {}; }
    static void return_void() noexcept {}
    static void unhandled_exception() { throw; }
  };

  throws_out() = default;
  throws_out(throws_out&& other) noexcept : h_(std::exchange(other.h_, nullptr)) {}
  throws_out& operator=(throws_out&& other) noexcept {
    std::swap(h_, other.h_);
    return *this;
  }
  ~throws_out() {
    if (h_) h_.destroy();
  }

 private:
  explicit throws_out(std::coroutine_handle<promise_type> h) noexcept : h_(h) {}
  std::coroutine_handle<promise_type> h_;
};

}  // namespace carousel::test
