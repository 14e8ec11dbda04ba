#include "bench/block_set.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <system_error>
#include <utility>

#include "carousel/buf/owned_bytes.hpp"
#include "common/last_error.hpp"
#include "common/naming.hpp"

namespace carousel::tool::bench {
namespace {

constexpr std::size_t places_max = 8192;
constexpr std::size_t places_min = 16;
constexpr std::size_t set_bytes_max = std::size_t{64} << 20U;

std::uint64_t digest(std::span<const std::byte> bytes) noexcept {
  return XXH3_64bits(bytes.data(), bytes.size());
}

/// One place in each of `count` equal parts of the file, so that they differ and lie everywhere.
std::vector<std::uint64_t> choose(std::uint64_t blocks, std::size_t count,
                                  std::mt19937_64& random) {
  std::vector<std::uint64_t> chosen(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto bound = [&](std::size_t part) {
      return blocks / count * part + blocks % count * part / count;
    };
    const std::uint64_t first = bound(i);
    chosen[i] = first + random() % (bound(i + 1) - first);
  }
  return chosen;
}

/// The bytes that were there; short only at the end of the file. -1 and errno.
ssize_t read_fully(int fd, std::span<std::byte> into, std::uint64_t offset) noexcept {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t n =
        ::pread(fd, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return static_cast<ssize_t>(done);
}

}  // namespace

std::vector<std::uint32_t> shuffled(std::size_t n, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::uint32_t> order(n);
  for (std::size_t i = 0; i < n; ++i) order[i] = static_cast<std::uint32_t>(i);
  for (std::size_t left = n; left > 1; --left) std::swap(order[left - 1], order[random() % left]);
  return order;
}

std::expected<block_set, std::string> block_set::read(const subject& of, std::size_t block_bytes,
                                                      std::uint64_t seed,
                                                      std::chrono::nanoseconds time) {
  block_set made(block_bytes);
  std::mt19937_64 random(seed);
  const std::uint64_t blocks = of.size() / block_bytes;
  const std::size_t wanted = std::clamp(set_bytes_max / block_bytes, places_min, places_max);
  const auto places =
      choose(blocks, static_cast<std::size_t>(std::min<std::uint64_t>(blocks, wanted)), random);

  auto memory = owned_bytes::with_capacity(block_bytes);
  const std::span<std::byte> block = memory.spare();
  const auto until = std::chrono::steady_clock::now() + time;
  for (const std::uint32_t i : shuffled(places.size(), random())) {
    if (made.size() >= places_min && std::chrono::steady_clock::now() >= until) break;
    const std::uint64_t offset = places[i] * block_bytes;
    const ssize_t n = read_fully(of.fd(), block, offset);
    if (n < 0)
      return std::unexpected(fmt::format("cannot read {} at {}: {}", shell_quoted(of.path()),
                                         offset, error_text(errno)));
    if (static_cast<std::size_t>(n) < block_bytes)
      return std::unexpected(fmt::format("{} became shorter meanwhile", shell_quoted(of.path())));
    made.offsets_.push_back(offset);
    made.digests_.push_back(digest(block));
  }
  return made;
}

bool block_set::holds(std::size_t place, std::span<const std::byte> bytes) const noexcept {
  return bytes.size() == block_bytes_ && digest(bytes) == digests_[place];
}

}  // namespace carousel::tool::bench
