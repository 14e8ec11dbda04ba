#include "carousel/net/socket_address.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>

#include "carousel/detail/net/address_text.hpp"
#include "net/unix_name.hpp"

namespace carousel {
namespace {

using detail::unix_name;

enum class address_mistake {
  form = 1,
  port,
  ipv4,
  brackets,
  ipv6,
  scope,
  long_path,
  long_name,
  nul,
};

class address_mistakes final : public std::error_category {
 public:
  const char* name() const noexcept override { return "carousel::socket_address"; }
  std::string message(int value) const override {
    switch (static_cast<address_mistake>(value)) {
      case address_mistake::form:
        return "an address is written 127.0.0.1:80, [::1]:80, unix:/path or unix:@name";
      case address_mistake::port:
        return "the port, behind the last colon, is a number from 0 to 65535 in digits alone";
      case address_mistake::ipv4:
        return "no IPv4 address, four numbers up to 255, stands before the port; the addresses of "
               "a host's name are found by carousel::resolve()";
      case address_mistake::brackets:
        return "an IPv6 address stands in brackets before its port: [::1]:80";
      case address_mistake::ipv6: return "no IPv6 address stands in the brackets";
      case address_mistake::scope:
        return "the scope, behind the %, is neither the number of an interface, from 1 on, nor the "
               "name of one that is there";
      case address_mistake::long_path:
        return "the path of a Unix socket has at most 108 bytes; a longer one can be named through "
               "/proc/self/fd and an open directory";
      case address_mistake::long_name: return "an abstract name has at most 107 bytes";
      case address_mistake::nul: return "a path has no NUL byte";
    }
    return "unknown mistake in an address";
  }
  std::error_condition default_error_condition(int) const noexcept override {
    return std::errc::invalid_argument;
  }
};

std::unexpected<std::error_code> refused(address_mistake why) noexcept {
  static const address_mistakes category;
  return std::unexpected(std::error_code(static_cast<int>(why), category));
}

/// A number as it is printed: digits alone, and none before the first that counts.
template <class Number>
std::optional<Number> number_of(std::string_view digits) noexcept {
  Number value{};
  const char* const first = std::to_address(digits.begin());
  const char* const end = first + digits.size();
  const auto [stop, error] = std::from_chars(first, end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
  return value;
}

/// What inet_pton(3) says of the text, which ends with NUL for it and contains none.
template <std::size_t Room, class Raw>
bool read_number(int family, std::string_view text, Raw& into) noexcept {
  std::array<char, Room> copy{};
  if (text.size() >= copy.size() || text.find('\0') != text.npos) return false;
  text.copy(copy.data(), text.size());
  return ::inet_pton(family, copy.data(), &into) == 1;
}

/// 0: there is no such interface.
std::uint32_t scope_of(std::string_view text) noexcept {
  if (const auto number = number_of<std::uint32_t>(text)) return *number;
  std::array<char, IF_NAMESIZE> name{};
  if (text.size() >= name.size() || text.find('\0') != text.npos) return 0;
  text.copy(name.data(), text.size());
  return ::if_nametoindex(name.data());
}

}  // namespace

template <class Raw>
socket_address::socket_address(const Raw& raw, std::size_t bytes) noexcept
    : size_(static_cast<socklen_t>(bytes)) {
  static_assert(sizeof raw <= bytes_max);
  std::memcpy(bytes_.data(), &raw, bytes);
}

template <class Raw>
Raw socket_address::as() const noexcept {
  Raw raw{};
  std::memcpy(&raw, bytes_.data(), sizeof raw);
  return raw;
}
template sockaddr_in socket_address::as() const noexcept;
template sockaddr_in6 socket_address::as() const noexcept;
template sockaddr_un socket_address::as() const noexcept;

result<socket_address> socket_address::parse(std::string_view text) {
  constexpr std::string_view unix_prefix = "unix:";
  if (text.starts_with(unix_prefix)) return parse_unix(text.substr(unix_prefix.size()));
  if (text.starts_with('[')) return parse_ipv6(text);
  return parse_ipv4(text);
}

result<socket_address> socket_address::parse_unix(std::string_view name) {
  sockaddr_un raw{};
  raw.sun_family = AF_UNIX;
  if (name.starts_with('@')) {
    name.remove_prefix(1);
    if (name.size() > unix_name::path_max - 1) return refused(address_mistake::long_name);
    name.copy(&raw.sun_path[1], name.size());
    return socket_address(raw, unix_name::header_bytes + 1 + name.size());
  }
  if (name.starts_with("./") && unix_name::looks_abstract(name)) name.remove_prefix(2);
  if (name.size() > unix_name::path_max) return refused(address_mistake::long_path);
  if (name.find('\0') != name.npos) return refused(address_mistake::nul);
  if (name.empty()) return socket_address(raw, unix_name::header_bytes);
  name.copy(raw.sun_path, name.size());
  return socket_address(raw, std::min(unix_name::header_bytes + name.size() + 1, sizeof raw));
}

result<socket_address> socket_address::parse_ipv6(std::string_view text) {
  const std::size_t end = text.rfind("]:");
  if (end == text.npos) return refused(address_mistake::form);
  const auto port = number_of<std::uint16_t>(text.substr(end + 2));
  if (!port) return refused(address_mistake::port);
  const std::string_view inside = text.substr(1, end - 1);
  const std::size_t percent = inside.find('%');
  sockaddr_in6 raw{};
  raw.sin6_family = AF_INET6;
  raw.sin6_port = htons(*port);
  if (!read_number<INET6_ADDRSTRLEN>(AF_INET6, inside.substr(0, percent), raw.sin6_addr))
    return refused(address_mistake::ipv6);
  if (percent != inside.npos) {
    raw.sin6_scope_id = scope_of(inside.substr(percent + 1));
    if (raw.sin6_scope_id == 0) return refused(address_mistake::scope);
  }
  return socket_address(raw, sizeof raw);
}

result<socket_address> socket_address::parse_ipv4(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos) return refused(address_mistake::form);
  const std::string_view host = text.substr(0, colon);
  if (host.find(':') != host.npos) return refused(address_mistake::brackets);
  const auto port = number_of<std::uint16_t>(text.substr(colon + 1));
  if (!port) return refused(address_mistake::port);
  sockaddr_in raw{};
  raw.sin_family = AF_INET;
  raw.sin_port = htons(*port);
  if (!read_number<INET_ADDRSTRLEN>(AF_INET, host, raw.sin_addr))
    return refused(address_mistake::ipv4);
  return socket_address(raw, sizeof raw);
}

result<socket_address> socket_address::from(const sockaddr* address, socklen_t bytes) noexcept {
  const auto too_short = std::unexpected(std::make_error_code(std::errc::invalid_argument));
  if (bytes < unix_name::header_bytes) return too_short;
  sa_family_t family = AF_UNSPEC;
  std::memcpy(&family, address, sizeof family);
  if (family == AF_INET) {
    sockaddr_in raw{};
    if (bytes < sizeof raw) return too_short;
    std::memcpy(&raw, address, sizeof raw);
    std::memset(raw.sin_zero, 0, sizeof raw.sin_zero);
    return socket_address(raw, sizeof raw);
  }
  if (family == AF_INET6) {
    sockaddr_in6 raw{};
    if (bytes < sizeof raw) return too_short;
    std::memcpy(&raw, address, sizeof raw);
    raw.sin6_flowinfo = 0;
    return socket_address(raw, sizeof raw);
  }
  if (family == AF_UNIX) {
    sockaddr_un raw{};
    std::memcpy(&raw, address, std::min<std::size_t>(bytes, sizeof raw));
    const std::size_t name = std::min<std::size_t>(bytes, sizeof raw) - unix_name::header_bytes;
    if (name == 0 || raw.sun_path[0] == '\0')
      return socket_address(raw, unix_name::header_bytes + name);
    const std::size_t path = ::strnlen(raw.sun_path, name);
    std::fill(raw.sun_path + path, std::end(raw.sun_path), '\0');
    return socket_address(raw, std::min(unix_name::header_bytes + path + 1, sizeof raw));
  }
  return std::unexpected(std::make_error_code(std::errc::address_family_not_supported));
}

std::string socket_address::to_string() const {
  return std::string(detail::address_text(*this).view());
}

std::uint16_t socket_address::port() const noexcept {
  switch (family()) {
    case AF_INET: return ntohs(as<sockaddr_in>().sin_port);
    case AF_INET6: return ntohs(as<sockaddr_in6>().sin6_port);
    default: return 0;
  }
}

std::string_view socket_address::path() const noexcept {
  if (family() != AF_UNIX || size_ <= unix_name::header_bytes) return {};
  const char* const first = reinterpret_cast<const char*>(bytes_.data()) + unix_name::header_bytes;
  return {first, ::strnlen(first, size_ - unix_name::header_bytes)};
}

}  // namespace carousel
