#pragma once

#include "carousel/config.hpp"

#include <coroutine>
#include <cstdint>
#include <cstdio>
#include <utility>

#include "carousel/detail/base/recycler.hpp"
#include "carousel/detail/buf/lent_memory.hpp"
#include "carousel/detail/driver/context.hpp"

namespace carousel::detail {

class release_wait;

/// Where the kernel has the bytes of a send from.
enum class sent_from : std::uint8_t { memory, copy };

/// Memory that is sent without a copy: the kernel has it until it says that it has let go. Counted
/// by plain references: that of who sends, and that of the operation, which goes with the kernel's
/// last word.
struct zero_copy_state : recycled {
  std::uint32_t refs = 1;
  bool released = false;  ///< the kernel has let go of it
  sent_from from = sent_from::memory;
  release_wait* waiting = nullptr;

  void release(sent_from where) noexcept;
};

/// How a coroutine waits for that. No verb ends it, for there would be nothing to give: who does
/// not want to wait destroys what it waits for.
class release_wait : scope_link, parked_waiter {
 public:
  explicit release_wait(zero_copy_state& of) noexcept : of_(of) {}
  release_wait(const release_wait&) = delete;
  release_wait& operator=(const release_wait&) = delete;
  static bool await_ready() noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> h) noexcept;

 protected:
  ~release_wait() = default;
  /// It goes. Called before it releases the state.
  void leave() noexcept {
    if (of_.waiting == this) of_.waiting = nullptr;
  }

 private:
  friend struct zero_copy_state;
  zero_copy_state& of_;
};

template <class B>
struct zero_copy_record : zero_copy_state {
  B buf;
  explicit zero_copy_record(B b) noexcept : buf(std::move(b)) {}
};

/// A counted reference to one, or none.
template <class B>
class zero_copy_ref {
 public:
  zero_copy_ref() = default;
  /// Throws std::bad_alloc.
  [[nodiscard]] static zero_copy_ref make(B buf) {
    zero_copy_ref made;
    made.of_ = new zero_copy_record<B>(std::move(buf));
    return made;
  }
  zero_copy_ref(const zero_copy_ref& other) noexcept : of_(other.of_) {
    if (of_ != nullptr) ++of_->refs;
  }
  zero_copy_ref(zero_copy_ref&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
  zero_copy_ref& operator=(zero_copy_ref other) noexcept {
    std::swap(of_, other.of_);
    return *this;
  }
  ~zero_copy_ref() {
    if (of_ != nullptr && --of_->refs == 0) delete of_;
  }
  [[nodiscard]] zero_copy_record<B>* operator->() const noexcept { return of_; }
  explicit operator bool() const noexcept { return of_ != nullptr; }

 private:
  zero_copy_record<B>* of_ = nullptr;
};

/// The same as lent_memory<B>, of what a reference leads to.
template <class B>
struct lent_zero_copy {
  using memory = lent_memory<B>;
  static void lend(const zero_copy_ref<B>& r) noexcept { memory::lend(r->buf); }
  static void unlend(const zero_copy_ref<B>& r) noexcept { memory::unlend(r->buf); }
  static void describe(const zero_copy_ref<B>& r, std::FILE* out) { memory::describe(r->buf, out); }
  static void quarantine(const zero_copy_ref<B>& r) noexcept { memory::quarantine(r->buf); }
};

}  // namespace carousel::detail
