#pragma once

#include <cstdint>
#include <utility>

#include "carousel/detail/driver/stream_record.hpp"

namespace carousel::detail {

/// What next() of a stream returns: awaited once. `Items` says what its record is, `make(record,
/// item)` what an item is to the user, and `explain(record, error)` notes what an error is about.
template <class Items>
class [[nodiscard]] next_item {
 public:
  using resumed_by_loop = void;
  explicit next_item(stream_record& of) noexcept : of_(of) {}

  class awaiter : public stream_waiter {
   public:
    explicit awaiter(stream_ref of) noexcept : stream_waiter(std::move(of)) {}
    [[nodiscard]] auto await_resume() {
      auto& of = static_cast<typename Items::record&>(record());
      using output = decltype(Items::make(of, 0));
      const result<std::int32_t> item = take();
      return item ? Items::make(of, *item)
                  : output(std::unexpected(Items::explain(of, item.error())));
    }
  };
  awaiter operator co_await() && noexcept { return awaiter(std::move(of_)); }

 private:
  stream_ref of_;
};

/// The one handle of a stream.
template <class Items>
class stream_handle {
  using record = typename Items::record;

 public:
  explicit stream_handle(record* adopted) noexcept : record_(adopted) {}
  stream_handle(const stream_handle&) = delete;  // a stream has one owner: write std::move(stream)
  stream_handle& operator=(const stream_handle&) = delete;
  stream_handle(stream_handle&& other) noexcept : record_(std::exchange(other.record_, nullptr)) {}
  stream_handle& operator=(stream_handle&& other) noexcept {
    if (this != &other) {
      end();
      record_ = std::exchange(other.record_, nullptr);
    }
    return *this;
  }
  ~stream_handle() { end(); }

  [[nodiscard]] next_item<Items> next() const noexcept {
    CAROUSEL_ASSERT(record_ != nullptr, "this stream was moved from");
    return next_item<Items>(*record_);
  }

 private:
  void end() noexcept {
    if (record_ != nullptr) std::exchange(record_, nullptr)->end();
  }

  record* record_;
};

}  // namespace carousel::detail
