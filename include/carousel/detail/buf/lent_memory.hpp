#pragma once

#include <cstdio>
#include <vector>

#include "carousel/detail/base/poison.hpp"
#include "carousel/detail/buf/fixed_access.hpp"

namespace carousel::detail {

/// A buffer inside an operation, as the detectors and the quarantine see it.
struct lent_buffer {
  template <io_buf B>
  static void poison(const B& b) noexcept {
    // What can only be written from may be shared with readers.
    if constexpr (io_buf_mut<B>) detail::poison(buf_traits<B>::data(b), buf_traits<B>::capacity(b));
  }
  template <io_buf B>
  static void unpoison(const B& b) noexcept {
    if constexpr (io_buf_mut<B>)
      detail::unpoison(buf_traits<B>::data(b), buf_traits<B>::capacity(b));
  }
  template <io_buf B>
  static void describe(const B& b, std::FILE* out) {
    if constexpr (fixed_io_buf<B>)
      std::fprintf(out, ", buffer %u of a pool", fixed_access::lease(b).index());
    std::fprintf(out, ", %zu bytes of memory at %p", buf_traits<B>::capacity(b),
                 static_cast<const void*>(buf_traits<B>::data(b)));
  }
  template <io_buf B>
  static void quarantine(const B& b) noexcept {
    if constexpr (fixed_io_buf<B>) fixed_access::quarantine(fixed_access::lease(b));
  }
};

/// The memory that an operation with resources R, a buffer or a vector of buffers, lends the kernel
/// from its submission to its last completion.
template <class R>
struct lent_memory {
  static void lend(const R& r) noexcept {
    for_each(r, [](const auto& b) { lent_buffer::poison(b); });
  }
  static void unlend(const R& r) noexcept {
    for_each(r, [](const auto& b) { lent_buffer::unpoison(b); });
  }
  static void describe(const R& r, std::FILE* out) {
    for_each(r, [out](const auto& b) { lent_buffer::describe(b, out); });
  }
  static void quarantine(const R& r) noexcept {
    for_each(r, [](const auto& b) { lent_buffer::quarantine(b); });
  }

 private:
  template <class F>
  static void for_each(const R& lent, F f) {
    if constexpr (io_buf<R>) {
      f(lent);
    } else {
      for (const auto& b : lent) f(b);
    }
  }
};

/// The same of resources R that are one buffer, the member `buf`, and what the kernel never sees.
template <class R>
struct lent_buf {
  using memory = lent_memory<decltype(R::buf)>;
  static void lend(const R& r) noexcept { memory::lend(r.buf); }
  static void unlend(const R& r) noexcept { memory::unlend(r.buf); }
  static void describe(const R& r, std::FILE* out) { memory::describe(r.buf, out); }
  static void quarantine(const R& r) noexcept { memory::quarantine(r.buf); }
};

}  // namespace carousel::detail
