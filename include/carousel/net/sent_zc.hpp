#pragma once

#include <cstddef>
#include <optional>
#include <system_error>
#include <utility>

#include "carousel/detail/net/zero_copy.hpp"
#include "carousel/detail/verb/verb_output.hpp"
#include "carousel/result.hpp"

namespace carousel {

/// What is left of a zero-copy send when the kernel has let go of its buffer.
template <class B>
struct [[nodiscard]] zc_returned {
  B buf;
  /// The bytes were copied after all, as always to a peer on the same machine; then a plain write
  /// would have been cheaper. Also of a send that failed.
  bool copied;

  // Not an aggregate: see buf_result.
  zc_returned(B b, bool was_copied) noexcept : buf(std::move(b)), copied(was_copied) {}
};

/// The second moment of a zero-copy send: `auto [buf, copied] = co_await std::move(sent.rest)`
/// waits until the kernel does not use the buffer any more. Where it is destroyed, at any time, the
/// buffer goes home by itself at that moment: a lease to its pool, other memory to its allocator.
///
/// That may be long after the bytes were accepted: when the peer has acknowledged them, or, on the
/// same machine, has read them. So nothing that the peer waits for may wait for it, a reply in the
/// same buffer above all. No verb ends the waiting, since there is no buffer to give then;
/// destroying it does. It outlives the socket, and its runtime.
template <class B>
class [[nodiscard]] zc_rest {
 public:
  using resumed_by_loop = void;
  zc_rest() = default;
  explicit zc_rest(detail::zero_copy_ref<B> of) noexcept : of_(std::move(of)) {}

  /// The buffer is here, or was taken: awaiting it will not wait.
  [[nodiscard]] bool released() const noexcept { return !of_ || of_->released; }

  class awaiter : public detail::release_wait {
   public:
    explicit awaiter(detail::zero_copy_ref<B> of) noexcept
        : detail::release_wait(*of.operator->()), of_(std::move(of)) {}
    ~awaiter() { leave(); }
    [[nodiscard]] zc_returned<B> await_resume() noexcept {
      return {std::move(of_->buf), of_->from == detail::sent_from::copy};
    }

   private:
    detail::zero_copy_ref<B> of_;
  };
  /// zc_returned<B>.
  [[nodiscard]] awaiter operator co_await() && noexcept {
    CAROUSEL_ASSERT(of_, "what a zero-copy send gives back was taken before, or was abandoned");
    return awaiter(std::move(of_));
  }

 private:
  detail::zero_copy_ref<B> of_;
};

/// The first moment of a zero-copy send: what became of the bytes. The buffer comes with `rest`.
template <class B>
struct [[nodiscard]] sent_zc {
  result<std::size_t> res;
  zc_rest<B> rest;

  // Not an aggregate: see buf_result.
  sent_zc(result<std::size_t> r, zc_rest<B> later) noexcept
      : res(std::move(r)), rest(std::move(later)) {}
  /// abandon_after() has gone on without it, and the buffer goes home by itself.
  sent_zc(std::unexpected<std::error_code> why) noexcept  // NOLINT(google-explicit-constructor)
      : res(why) {}
};

namespace detail {

template <class B>
struct verb_output<sent_zc<B>> {
  using type = sent_zc<B>;
  using without_buffer = sent_zc<B>;
  static result<std::size_t>& result_of(type& r) noexcept { return r.res; }
};

}  // namespace detail
}  // namespace carousel
