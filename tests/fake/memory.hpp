#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>

namespace carousel::fake {

/// Memory that a test has declared to be buffers, until it takes that back. Each declaration is
/// another one, so that memory which was freed and allocated again is told apart.
class declared_memory {
 public:
  static void declare(const void* first, std::size_t bytes);
  static void forget(const void* first) noexcept;
  /// The number of the declaration that covers the range; 0 if none does.
  [[nodiscard]] static std::uint64_t find(const void* first, std::size_t bytes) noexcept;
};

/// The range is mapped.
[[nodiscard]] bool is_mapped(const void* first, std::size_t bytes) noexcept;
/// The range can be pinned for writing. As pinning does, it makes the pages be there.
[[nodiscard]] bool is_writable(const void* first, std::size_t bytes) noexcept;
/// AddressSanitizer, where there is one, says that the range must not be touched.
[[nodiscard]] bool is_poisoned(const void* first, std::size_t bytes) noexcept;

// The library poisons what it has lent, for everybody but the kernel. These see and change it all
// the same.

void copy_bytes(std::byte* to, const std::byte* from, std::size_t bytes) noexcept;
/// The same into memory that need not be there any more.
void copy_bytes_if_mapped(std::byte* to, const std::byte* from, std::size_t bytes) noexcept;

/// Tells whether bytes have changed. Not a good hash, a fast one.
[[nodiscard]] std::uint64_t fingerprint(std::span<const iovec> pieces) noexcept;

/// What the operations in flight have borrowed: nobody else may have it.
class lent_memory {
 public:
  /// The operation that has some of it already; 0 and it is lent now.
  [[nodiscard]] std::uint64_t lend(const iovec& piece, std::uint64_t operation);
  void give_back(const iovec& piece) noexcept;
  /// The operation that has some of the range; 0 if none has.
  [[nodiscard]] std::uint64_t holder(const void* first, std::size_t bytes) const noexcept;

 private:
  struct loan {
    std::uintptr_t end;
    std::uint64_t operation;
  };
  std::map<std::uintptr_t, loan> loans_;
};

}  // namespace carousel::fake
