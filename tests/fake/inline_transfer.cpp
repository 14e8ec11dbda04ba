#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "fake/kernel.hpp"
#include "fake/memory.hpp"

namespace carousel::fake {
namespace {

/// What is in the page cache may end where a page does.
constexpr std::uint64_t page_bytes = 4096;

std::int32_t or_errno(ssize_t r) { return r < 0 ? -errno : static_cast<std::int32_t>(r); }

}  // namespace

std::int32_t kernel::refuse_inline(int fd, std::span<const std::byte> bytes) {
  ++attempts_;
  if (!random_.chance(options_.cached)) return -EAGAIN;
  if (lent_.holder(bytes.data(), bytes.size()) != 0)
    fail("the library used memory itself that an operation has");
  struct stat about{};
  if (::fstat(fd, &about) != 0) return -errno;
  return S_ISREG(about.st_mode) ? 0 : -ESPIPE;
}

std::int32_t kernel::read_now(int fd, std::span<std::byte> into, std::uint64_t at) noexcept {
  if (const std::int32_t error = refuse_inline(fd, into)) return error;
  const std::uint64_t to_page_end = page_bytes - at % page_bytes;
  if (random_.chance(options_.cached_in_part))
    into = into.first(std::min<std::uint64_t>(to_page_end, into.size()));
  return or_errno(::pread(fd, into.data(), into.size(), static_cast<off_t>(at)));
}

std::int32_t kernel::write_now(int fd, std::span<const std::byte> from, std::uint64_t at) noexcept {
  if (const std::int32_t error = refuse_inline(fd, from)) return error;
  return or_errno(::pwrite(fd, from.data(), from.size(), static_cast<off_t>(at)));
}

}  // namespace carousel::fake
