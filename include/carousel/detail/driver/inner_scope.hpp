#pragma once

#include "carousel/detail/driver/context.hpp"

namespace carousel::detail {

/// The scope of a verb while it is awaited; in the scope around it, it is one more thing to stop.
class inner_scope : scope_link, public stop_scope {
 public:
  inner_scope() = default;
  inner_scope(const inner_scope&) = delete;
  inner_scope& operator=(const inner_scope&) = delete;
  ~inner_scope() {
    if (begun_ && current_context != nullptr) end(*current_context);
    if (begun_) leave();
  }

  /// What the running coroutine awaits from here on is inside.
  void begin(context& here) noexcept {
    begun_ = true;
    scope = nullptr;
    if (here.scope != nullptr) {
      here.scope->add(
          *this, [](scope_link& link) noexcept { static_cast<inner_scope&>(link).request_stop(); });
      if (here.scope->stopped()) request_stop();
    }
    here.scope = this;
  }
  /// The coroutines inside are suspended; whoever called await_suspend goes on outside.
  void step_out(context& here) const noexcept { here.scope = scope; }
  /// What is inside has ended. A verb inside must have ended its own scope before.
  void end(context& here) noexcept {
    stop_scope* const outer = scope_link::leave();
    if (here.scope == this) here.scope = outer;
    begun_ = false;
  }

  /// Ends it on the way out.
  class ending {
   public:
    explicit ending(inner_scope& ended) noexcept : ended_(ended) {}
    ending(const ending&) = delete;
    ending& operator=(const ending&) = delete;
    ~ending() { ended_.end(this_context()); }

   private:
    inner_scope& ended_;
  };

 private:
  bool begun_ = false;
};

}  // namespace carousel::detail
