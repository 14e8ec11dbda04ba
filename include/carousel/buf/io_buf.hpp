#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <vector>

#include "carousel/config.hpp"

namespace carousel {

/// How the library sees a buffer type. Specialise it for a type of your own, all five members, to
/// make it an io_buf_mut (or the first four for one that is only written from):
///
///   stable_address  true is a promise: the bytes stay where they are when the object is moved.
///                   std::string and std::array break it, non-owning views (std::span) do not own
///                   what they promise; neither is ever an io_buf.
///   data(b)         the first byte
///   size(b)         bytes that are valid now: what a write sends
///   capacity(b)     bytes from data() on that a read may fill
///   set_size(b, n)  a read has put valid bytes up to n <= capacity
template <class T>
struct buf_traits;

namespace detail {

template <class T>
concept byte_like =
    std::same_as<T, std::byte> || std::same_as<T, char> || std::same_as<T, unsigned char> ||
    std::same_as<T, signed char> || std::same_as<T, char8_t>;

}  // namespace detail

/// An owned buffer that operations can write from. It is given away to the operation and comes back
/// with the result.
template <class T>
concept io_buf = std::movable<T> && std::is_nothrow_move_constructible_v<T> &&
                 buf_traits<T>::stable_address && requires(const T& b) {
                   { buf_traits<T>::data(b) } noexcept -> std::convertible_to<const std::byte*>;
                   { buf_traits<T>::size(b) } noexcept -> std::convertible_to<std::size_t>;
                   { buf_traits<T>::capacity(b) } noexcept -> std::convertible_to<std::size_t>;
                 };

/// An owned buffer that operations can read into.
template <class T>
concept io_buf_mut = io_buf<T> && requires(T& b, std::size_t n) {
  { buf_traits<T>::data(b) } noexcept -> std::convertible_to<std::byte*>;
  { buf_traits<T>::set_size(b, n) } noexcept;
};

/// All of a vector is valid: its capacity is its size(), and a read leaves the size as it is.
template <detail::byte_like T, class Allocator>
struct buf_traits<std::vector<T, Allocator>> {
  static constexpr bool stable_address = true;
  static std::byte* data(std::vector<T, Allocator>& v) noexcept {
    return reinterpret_cast<std::byte*>(v.data());
  }
  static const std::byte* data(const std::vector<T, Allocator>& v) noexcept {
    return reinterpret_cast<const std::byte*>(v.data());
  }
  static std::size_t size(const std::vector<T, Allocator>& v) noexcept { return v.size(); }
  static std::size_t capacity(const std::vector<T, Allocator>& v) noexcept { return v.size(); }
  static void set_size(std::vector<T, Allocator>&, std::size_t) noexcept {}
};
static_assert(io_buf_mut<std::vector<std::byte>>);

}  // namespace carousel
