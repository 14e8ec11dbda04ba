#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "carousel/carousel.hpp"

namespace carousel::tool {

/// The buffers of one thread of a copy. Each file that it copies has a small one; the kernel does
/// not register these, because that speeds up nothing there, and their pages are used only as
/// far as the files are long. The large ones, on huge pages and registered, are made when the first
/// large file comes.
class copy_buffers {
 public:
  struct sizes {
    std::size_t count;        ///< of each kind
    std::size_t large_bytes;  ///< of a large one; made a multiple of 4096
    friend bool operator==(const sizes&, const sizes&) = default;
  };
  /// These, or fewer and then smaller ones, so that they leave most of `room` bytes of memory to
  /// the page cache, to the file names of a tree and to others.
  [[nodiscard]] static sizes fitted(sizes wanted, std::uint64_t room) noexcept;
  /// With so many small ones. Error: not_enough_memory.
  static result<copy_buffers> make(sizes wanted, std::size_t small_count);
  static result<copy_buffers> make(sizes wanted) { return make(wanted, wanted.count); }

  /// Awaited: gives result<fixed_buf>.
  [[nodiscard]] next_operation small() const { return small_.next(small_bytes_); }
  /// Awaited: gives result<fixed_buf>. Whoever waits holds a small one, and nobody with a large one
  /// waits for anything here.
  task<result<fixed_buf>> large();
  /// Another large one if it is free.
  [[nodiscard]] std::optional<fixed_buf> another_large() const;

  [[nodiscard]] std::size_t small_bytes() const noexcept { return small_bytes_; }
  /// How the large ones stand; none: nobody asked for one.
  [[nodiscard]] registration registered() const noexcept;
  /// Why they are plain, and what to change; empty when they are not.
  [[nodiscard]] const std::string& refusal() const noexcept { return refusal_; }

 private:
  copy_buffers(sizes wanted, fixed_buf_pool small, std::size_t small_bytes) noexcept;
  result<> make_large();

  sizes wanted_;
  fixed_buf_pool small_;
  std::size_t small_bytes_;
  std::optional<fixed_buf_pool> large_;
  std::string refusal_;
};

}  // namespace carousel::tool
