#include "carousel/detail/net/address_text.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <charconv>

#include "carousel/detail/base/assert.hpp"
#include "net/unix_name.hpp"

namespace carousel::detail {

address_text::address_text(const socket_address& address) noexcept {
  std::array<char, INET6_ADDRSTRLEN> number{};
  if (address.family() == AF_INET) {
    const auto raw = address.as<sockaddr_in>();
    append(::inet_ntop(AF_INET, &raw.sin_addr, number.data(), number.size()));
    append(":");
    append(address.port());
  } else if (address.family() == AF_INET6) {
    const auto raw = address.as<sockaddr_in6>();
    append("[");
    append(::inet_ntop(AF_INET6, &raw.sin6_addr, number.data(), number.size()));
    if (raw.sin6_scope_id != 0) {
      append("%");
      append(raw.sin6_scope_id);
    }
    append("]:");
    append(address.port());
  } else if (address.family() == AF_UNIX) {
    const auto raw = address.as<sockaddr_un>();
    const std::string_view name(raw.sun_path, address.size() - unix_name::header_bytes);
    append("unix:");
    if (!name.empty() && name.front() == '\0') {
      append("@");
      append(name.substr(1));
    } else {
      if (unix_name::looks_abstract(address.path())) append("./");
      append(address.path());
    }
  }
}

void address_text::append(std::string_view piece) noexcept {
  CAROUSEL_ASSERT(piece.size() < text_.size() - size_, "the text of an address is a short one");
  piece.copy(text_.data() + size_, piece.size());
  size_ += piece.size();
}

void address_text::append(unsigned long number) noexcept {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  append(std::string_view(digits.data(), end));
}

}  // namespace carousel::detail
