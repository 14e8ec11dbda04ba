#include <carousel/carousel.hpp>

#include <chrono>
#include <coroutine>
#include <string>

// error: moving this awaitable may throw; await it in a carousel::task

// Somebody's awaitable that has no move of its own, and copies its text.
struct named_event {
  std::string name;
  explicit named_event(std::string text) : name(std::move(text)) {}
#ifdef CAROUSEL_EXPECT_FAILURE
  ~named_event() {}
#endif
  static bool await_ready() noexcept { return true; }
  static void await_suspend(std::coroutine_handle<>) noexcept {}
  static void await_resume() noexcept {}
};

carousel::task<> use() {
  (void)co_await carousel::when_any(named_event("a"), carousel::sleep_for(std::chrono::seconds(1)));
}
