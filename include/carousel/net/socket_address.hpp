#pragma once

#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "carousel/result.hpp"

namespace carousel {

namespace detail {
class address_text;
}  // namespace detail

/// Where a socket is: an IPv4 or IPv6 address with a port, or the name of a Unix socket. A value:
/// to copy, compare or print one asks nobody.
///
/// As text, which parse() takes and to_string() gives:
///
///   127.0.0.1:80
///   [::1]:80            with a scope [fe80::1%2]:80, or by its name [fe80::1%eth0]:80
///   unix:/run/a.sock    a path, relative or not; of one that begins with @, ./@
///   unix:@name          an abstract name: any bytes, NUL as well
///   unix:               no name
///
/// A host's name is no address: resolve() finds those that it has.
class socket_address {
 public:
  /// Bytes that any address takes, with what the kernel says of a Unix path of 108 bytes: 111.
  static constexpr std::size_t bytes_max = 112;

  /// No address: family() is AF_UNSPEC.
  socket_address() = default;
  /// Takes the forms above and no other. Its errors compare equal to std::errc::invalid_argument,
  /// and their messages say what is wrong. A scope's name is looked up among the interfaces.
  [[nodiscard]] static result<socket_address> parse(std::string_view text);
  /// What system calls give. Errors: address_family_not_supported, invalid_argument where it is too
  /// short. The flow label of an IPv6 address is not kept.
  [[nodiscard]] static result<socket_address> from(const sockaddr* address,
                                                   socklen_t bytes) noexcept;

  /// Parses back to the same address. A scope is a number there.
  [[nodiscard]] std::string to_string() const;
  /// AF_INET, AF_INET6 or AF_UNIX.
  [[nodiscard]] int family() const noexcept {
    sa_family_t family{};
    std::memcpy(&family, bytes_.data(), sizeof family);
    return family;
  }
  /// 0 for a Unix socket.
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// The path of a Unix socket that has one; else empty.
  [[nodiscard]] std::string_view path() const noexcept;

  /// For system calls.
  [[nodiscard]] const sockaddr* data() const noexcept {
    return reinterpret_cast<const sockaddr*>(bytes_.data());
  }
  [[nodiscard]] socklen_t size() const noexcept { return size_; }

  /// By the bytes: any order, for maps.
  friend auto operator<=>(const socket_address&, const socket_address&) = default;
  friend bool operator==(const socket_address&, const socket_address&) = default;

 private:
  friend class detail::address_text;
  template <class Raw>
  socket_address(const Raw& raw, std::size_t bytes) noexcept;
  template <class Raw>
  [[nodiscard]] Raw as() const noexcept;
  [[nodiscard]] static result<socket_address> parse_unix(std::string_view name);
  [[nodiscard]] static result<socket_address> parse_ipv6(std::string_view text);
  [[nodiscard]] static result<socket_address> parse_ipv4(std::string_view text);

  alignas(8) std::array<unsigned char, bytes_max> bytes_{};  ///< zero behind size_
  socklen_t size_ = 0;
};

}  // namespace carousel
