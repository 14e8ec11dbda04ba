#pragma once

#include "carousel/config.hpp"

#include <cstddef>
#include <functional>
#include <new>
#include <utility>

#include "carousel/detail/driver/mailbox.hpp"

namespace carousel::detail {

/// Ends the process with a sentence about the exception that is handled now, which nobody can
/// receive. `whose` is what it escaped from.
[[noreturn]] void exception_escaped(const char* whose) noexcept;

/// A callable on its way to a loop. Small ones are in a block of the mailbox.
template <class F>
class remote_call final : mail {
 public:
  /// False: the loop has ended, and the callable is destroyed. Throws std::bad_alloc, and what its
  /// move throws.
  template <class G>
  static bool post(mailbox& to, G&& f) {
    remote_call* const made = make(to, std::forward<G>(f));
    if (to.post(*made)) return true;
    made->destroy();
    return false;
  }

 private:
  template <class G>
  remote_call(mailbox& to, G&& f) : to_(to), f_(std::forward<G>(f)) {
    fire = [](mail& one) noexcept {
      auto& self = static_cast<remote_call&>(one);
      try {
        (void)std::invoke(std::move(self.f_));
      } catch (...) {
        exception_escaped("a callable that was posted to a runtime");
      }
      self.destroy();
    };
    discard = [](mail& one) noexcept { static_cast<remote_call&>(one).destroy(); };
  }
  ~remote_call() = default;

  template <class G>
  static remote_call* make(mailbox& to, G&& f) {
    if constexpr (fits()) {
      void* const block = to.take_block();
      try {
        return new (block) remote_call(to, std::forward<G>(f));
      } catch (...) {
        to.give_back(block);
        throw;
      }
    } else {
      return new remote_call(to, std::forward<G>(f));
    }
  }
  void destroy() noexcept {
    if constexpr (fits()) {
      mailbox& to = to_;
      this->~remote_call();
      to.give_back(this);
    } else {
      delete this;
    }
  }
  static constexpr bool fits() noexcept {
    return sizeof(remote_call) <= mailbox::block_bytes &&
           alignof(remote_call) <= alignof(std::max_align_t);
  }

  mailbox& to_;
  F f_;
};

}  // namespace carousel::detail
