// Something to wait for that the library does not have: a latch, which lets its waiters go when all
// that it counts have come.

#include <chrono>
#include <cstdio>

#include "carousel/carousel.hpp"
#include "carousel/ext/awaitable.hpp"

using namespace carousel;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

class latch {
 public:
  explicit latch(unsigned count) noexcept : left_(count) {}

  void count_down() noexcept {
    if (left_ > 0) --left_;
    if (left_ > 0) return;
    while (!line_.empty()) line_.front().serve();
  }
  /// Awaited: result<>. Error: canceled.
  auto wait() noexcept {
    struct operation {
      using resumed_by_loop [[maybe_unused]] = void;
      latch& on;
      awaiter operator co_await() && noexcept { return awaiter(on); }
    };
    return operation{*this};
  }

 private:
  class awaiter : ext::line_waiter {
   public:
    explicit awaiter(latch& on) noexcept : on_(on) { reason = "waits for a latch"; }
    static bool await_ready() noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> h) noexcept {
      if (on_.left_ == 0 && !ext::stopped()) serve();
      return line_waiter::wait(on_.line_, h);
    }
    [[nodiscard]] result<> await_resume() const noexcept {
      if (!served()) return std::unexpected(make_error_code(errc::canceled));
      return {};
    }

   private:
    latch& on_;
  };

  unsigned left_;
  ext::wait_line line_;
};

task<> come(latch& all, milliseconds after) {
  co_await sleep_for(after);
  all.count_down();
}

task<> meet() {
  latch all(3);
  for (const int after : {3, 1, 2}) spawn(come, std::ref(all), milliseconds(after)).detach();
  const result<> early = co_await timeout(milliseconds(0), all.wait());
  std::printf("at once: %s\n", early ? "all are here" : early.error().message().c_str());
  const result<> met = co_await timeout(seconds(10), all.wait());
  std::printf("later: %s\n", met ? "all are here" : met.error().message().c_str());
}

}  // namespace

int main() { start(meet); }
