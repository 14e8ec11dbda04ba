#pragma once

// What an NBD server and its clients say to each other: the newstyle handshake, and requests with
// simple replies. There is one disk, whatever name it is asked for by.

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <tuple>
#include <vector>

#include "carousel/carousel.hpp"

namespace nbd {

using carousel::or_throw, carousel::read_half, carousel::task, carousel::write_half;
using std::uint16_t, std::uint32_t, std::uint64_t;

struct disk_info {
  uint64_t bytes;
  uint32_t block_bytes;  ///< what offset and length of a request are multiples of
  uint32_t moved_max;    ///< bytes that one request may read or write
};

enum command : uint16_t { read, write, disconnect, flush, trim };
constexpr uint16_t force_unit_access = 1;  // flag of a command: on the disk before it is answered
struct request {
  uint16_t flags, what;
  uint64_t cookie, offset;
  uint32_t bytes;
};

/// The bytes of each number, the highest one first.
auto big_endian(auto... numbers) {
  std::array<std::byte, (0 + ... + sizeof numbers)> bytes;
  auto to = bytes.begin();
  const auto put = [&to](uint64_t number, std::size_t size) {
    while (size-- > 0) *to++ = static_cast<std::byte>(number >> 8 * size);
  };
  (put(static_cast<uint64_t>(numbers), sizeof numbers), ...);
  return bytes;
}

// These, and what stands on them, throw std::system_error where the connection ends.

task<> say(const write_half& out, auto bytes) {
  (void)or_throw(co_await out.write_all(std::vector(bytes.begin(), bytes.end())));
}
template <class... T>
task<std::tuple<T...>> hear(const read_half& in) {
  std::vector<unsigned char> bytes((0 + ... + sizeof(T)));
  bytes = or_throw(co_await in.read_exact(std::move(bytes)));
  auto from = bytes.begin();
  const auto number = [&from](std::size_t size) {
    uint64_t value = 0;
    while (size-- > 0) value = value << 8 | *from++;
    return value;
  };
  co_return std::tuple<T...>{static_cast<T>(number(sizeof(T)))...};  // braces: from left to right
}
inline void expect(bool so) {
  if (!so) throw std::system_error(std::make_error_code(std::errc::protocol_error));
}

/// True once the client has chosen the disk, false where it goes without.
inline task<bool> negotiate(const read_half& in, const write_half& out, const disk_info& disk) {
  constexpr uint64_t greeting = 0x4e42444d41474943, asks = 0x49484156454f5054;
  constexpr uint64_t answers = 0x3e889045565a9;
  constexpr uint16_t newstyle = 1, no_zeroes = 2;  // what both sides can do
  constexpr uint16_t disk_can = 0b1'0010'1101;     // flush, FUA, trim, several connections
  enum : uint32_t { export_name = 1, abort, list, info = 6, go };
  enum answer : uint32_t { ack = 1, listed, told, unsupported = 0x80000001 };
  constexpr uint16_t about_export = 0, about_block_size = 3;

  co_await say(out, big_endian(greeting, asks, uint16_t{newstyle | no_zeroes}));
  const auto [client_can] = co_await hear<uint32_t>(in);
  for (;;) {
    const auto [magic, asked, bytes] = co_await hear<uint64_t, uint32_t, uint32_t>(in);
    expect(magic == asks && bytes <= 8192);
    (void)or_throw(co_await in.read_exact(std::vector<char>(bytes)));
    const auto tell = [&out, to = asked](answer what, auto... more) {
      constexpr uint32_t size = (0 + ... + sizeof more);
      return say(out, big_endian(answers, to, what, size, more...));
    };
    switch (asked) {
      case export_name:
        co_await say(out, big_endian(disk.bytes, disk_can));
        if ((client_can & no_zeroes) == 0) co_await say(out, std::array<std::byte, 124>{});
        co_return true;
      case list: co_await tell(listed, uint32_t{0}); break;
      case info:
      case go:
        co_await tell(told, about_export, disk.bytes, disk_can);
        co_await tell(told, about_block_size, disk.block_bytes, uint32_t{4096}, disk.moved_max);
        break;
      case abort: break;
      default: co_await tell(unsupported); continue;
    }
    co_await tell(ack);
    if (asked == go || asked == abort) co_return asked == go;
  }
}

/// What is written comes behind it.
inline task<request> next_request(const read_half& in, const disk_info& disk) {
  const auto [magic, flags, what, cookie, offset, bytes] =
      co_await hear<uint32_t, uint16_t, uint16_t, uint64_t, uint64_t, uint32_t>(in);
  expect(magic == 0x25609513 && (what != write || bytes <= disk.moved_max));
  const request one{flags, what, cookie, offset, bytes};
  co_return one;
}
/// Why it cannot be done, in the protocol's numbers, which are errno's; or 0.
inline int refusal(const request& r, const disk_info& disk) {
  if (r.what > trim || (r.flags & ~force_unit_access) != 0) return EINVAL;
  if (r.what == read && r.bytes > disk.moved_max) return EINVAL;
  const bool inside = r.offset <= disk.bytes && r.bytes <= disk.bytes - r.offset;
  if (r.what == flush || inside) return 0;
  return r.what == write ? ENOSPC : EINVAL;
}
/// Comes before what is read.
inline std::array<std::byte, 16> reply(const request& to, int error) {
  return big_endian(uint32_t{0x67446698}, error, to.cookie);
}

}  // namespace nbd
