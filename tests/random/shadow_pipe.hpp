#pragma once

#include <sys/types.h>
#include <carousel/fs/file.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "fake/kernel.hpp"

namespace carousel::random_test {

/// A pipe of which the library has one end and the test the other. The byte at each position of the
/// stream is known, so that one that is lost, doubled or out of place shows, whatever happened to
/// the tasks that used the pipe.
class shadow_pipe {
 public:
  enum class role : std::uint8_t { library_reads, library_writes };

  explicit shadow_pipe(role r);
  shadow_pipe(const shadow_pipe&) = delete;
  shadow_pipe& operator=(const shadow_pipe&) = delete;
  ~shadow_pipe();

  [[nodiscard]] role kind() const noexcept { return role_; }
  [[nodiscard]] const file& handle() const noexcept { return *library_end_; }
  void close_handle() noexcept { library_end_.reset(); }

  /// Puts some bytes in, or takes and checks what is there. False: wrong bytes.
  [[nodiscard]] bool serve(std::size_t bytes_max);

  /// The right to use the library's end alone. The stream's position is known while no operation is
  /// in flight.
  class turn {
   public:
    explicit turn(shadow_pipe& owner) noexcept;
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    ~turn() { owner_.in_use_ = false; }
    void fill(std::span<std::byte> bytes) const noexcept;
    [[nodiscard]] bool matches(std::span<const std::byte> bytes) const noexcept;
    /// Bytes that went through since then.
    [[nodiscard]] std::uint64_t moved() const noexcept;

   private:
    shadow_pipe& owner_;
    std::uint64_t position_;
  };
  [[nodiscard]] bool is_free(const fake::kernel& kernel) const noexcept;

 private:
  [[nodiscard]] std::size_t inside() const noexcept;

  role role_;
  int test_end_ = -1;
  std::optional<file> library_end_;
  ino_t inode_ = 0;
  std::uint64_t served_ = 0;  ///< bytes that the test has put in or taken out
  bool in_use_ = false;
};

}  // namespace carousel::random_test
