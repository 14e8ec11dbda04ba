#include <coroutine>
#include <iterator>

#include "random/world.hpp"

// An awaitable that is not the library's: tasks wait for it, and others resume them from inside of
// their own.

namespace carousel::random_test {

/// As its users write it.
class bell {
 public:
  explicit bell(world& w) noexcept : w_(w) {}
  bell(const bell&) = delete;
  bell& operator=(const bell&) = delete;
  ~bell() {
    if (waiter_) w_.bells.erase(at_);
  }
  [[nodiscard]] static bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) {
    at_ = w_.bells.insert(w_.bells.end(), this);
    waiter_ = h;
  }
  static void await_resume() noexcept {}

  void ring() {
    w_.bells.erase(at_);
    std::exchange(waiter_, nullptr).resume();
  }

 private:
  world& w_;
  std::list<bell*>::iterator at_;
  std::coroutine_handle<> waiter_;  ///< null: nobody waits
};

void ring_one(world& w) {
  if (w.bells.empty()) return;
  (*std::next(w.bells.begin(), static_cast<std::ptrdiff_t>(w.random.below(w.bells.size()))))
      ->ring();
}

task<> use_bell(world& w) {
  if (w.random.below(2) == 0) {
    ring_one(w);
    co_return;
  }
  const detail::context& here = detail::this_context();
  const std::uint32_t task = here.task_id();
  const detail::stop_scope* const scope = here.scope;
  co_await bell(w);
  w.require(here.task_id() == task, "a coroutine goes on in the task of who resumed it");
  w.require(here.scope == scope, "a coroutine goes on in the verb of who resumed it");
}

}  // namespace carousel::random_test
