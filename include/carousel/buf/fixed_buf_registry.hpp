#pragma once

#include <initializer_list>
#include <optional>
#include <ranges>
#include <span>
#include <utility>

#include "carousel/buf/fixed_buf.hpp"
#include "carousel/detail/buf/user_storage.hpp"

namespace carousel {

/// A set of buffers handed out by index, for programs that know which buffer they want. Like a
/// fixed_buf_pool in everything else: handles, memory, limits, registration and its errors,
/// threads.
class fixed_buf_registry {
 public:
  [[nodiscard]] static result<fixed_buf_registry> make(std::span<const buf_class> classes,
                                                       pool_options options = {}) {
    return adopt(detail::buf_collection::make(classes, options));
  }
  [[nodiscard]] static result<fixed_buf_registry> make(std::initializer_list<buf_class> classes,
                                                       pool_options options = {}) {
    return make(std::span(classes.begin(), classes.size()), options);
  }
  template <std::ranges::input_range Range>
    requires io_buf_mut<std::ranges::range_value_t<Range>>
  [[nodiscard]] static result<fixed_buf_registry> from(Range&& buffers, pool_options options = {}) {
    return adopt(detail::collect(std::forward<Range>(buffers), options));
  }

  [[nodiscard]] result<> register_buffers() const {
    return buffers_->registration().begin(*detail::this_context().io);
  }
  [[nodiscard]] result<> unregister_buffers() const {
    return buffers_->registration().end(*detail::this_context().io);
  }
  [[nodiscard]] registration registered() const noexcept {
    return buffers_->registration().outcome();
  }
  [[nodiscard]] registration_report why_plain() const {
    return buffers_->registration().why_plain();
  }

  /// The buffer with this index, in the order of the input from 0; nothing when it is out or there
  /// is no such index.
  [[nodiscard]] std::optional<fixed_buf> check_out(std::size_t index) const noexcept {
    detail::buf_entry* e = buffers_->take_at(index);
    if (e == nullptr) return std::nullopt;
    return fixed_buf(*e);
  }
  [[nodiscard]] std::size_t count() const noexcept { return buffers_->entries().size(); }

 private:
  friend struct detail::collection_probe;
  explicit fixed_buf_registry(detail::buf_collection* adopted) noexcept : buffers_(adopted) {}
  static result<fixed_buf_registry> adopt(result<detail::buf_collection*> made) {
    if (!made) return std::unexpected(made.error());
    return fixed_buf_registry(*made);
  }

  detail::collection_ref buffers_;
};

}  // namespace carousel
