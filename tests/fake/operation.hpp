#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "carousel/detail/base/request.hpp"
#include "fake/held_file.hpp"
#include "sys/abi.hpp"

namespace carousel::fake {

/// Opcodes beyond those that the library has a name for.
inline constexpr unsigned op_socket = 45;

inline constexpr unsigned accept_multishot = 1;  ///< of ioprio
inline constexpr unsigned send_fixed_buf = 4;    ///< of ioprio
inline constexpr unsigned send_report_usage = 8;
inline constexpr unsigned poll_multishot = 1;              ///< of length
inline constexpr unsigned splice_fd_in_fixed = 1U << 31U;  ///< of op_flags
inline constexpr unsigned timeout_abs = 1;                 ///< of op_flags
inline constexpr unsigned timeout_boottime = 4;

/// Where an operation is between its submission and its completion.
enum class stage : std::uint8_t {
  linked,   ///< starts when the one before it has wholly succeeded; a cancel does not find it
  armed,    ///< waits until its file is ready; a cancel ends it
  waiting,  ///< stands in line for a worker; a cancel ends it
  running,  ///< its effect has happened, its completion has not; a cancel finds it and does nothing
  finished,  ///< the result is known and comes when it is due
};

/// Memory for what a read brings before it is stored, aligned for O_DIRECT.
struct aligned_bytes {
  explicit aligned_bytes(std::size_t n)
      : first(static_cast<std::byte*>(::operator new(n, std::align_val_t{4096}))), bytes(n) {}
  aligned_bytes(const aligned_bytes&) = delete;
  aligned_bytes& operator=(const aligned_bytes&) = delete;
  ~aligned_bytes() { ::operator delete(first, std::align_val_t{4096}); }
  std::byte* first;
  std::size_t bytes;
};

/// The msghdr of a recvmsg or a sendmsg as the kernel copies it, and what it will store.
struct message {
  msghdr asked{};
  std::vector<std::byte> name;
  std::vector<std::byte> control;
  int flags = 0;
};

/// Tells of a descriptor what a poll that goes on is told: each time that it becomes ready, and not
/// that it still is.
class edge_watch {
 public:
  edge_watch(int fd, std::uint32_t events);
  edge_watch(const edge_watch&) = delete;
  edge_watch& operator=(const edge_watch&) = delete;
  ~edge_watch();
  /// False for files that are always ready.
  [[nodiscard]] bool works() const noexcept { return works_; }
  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// What it has become ready for since it was asked last; 0: nothing.
  [[nodiscard]] std::uint32_t take() const noexcept;

 private:
  int fd_;
  bool works_;
};

/// One submission queue entry after the kernel has taken it, with all that the kernel copies at
/// that moment.
struct operation {
  std::uint64_t id = 0;
  detail::request entry{};
  detail::opcode code{};
  [[nodiscard]] unsigned number() const noexcept { return static_cast<unsigned>(code); }
  stage at = stage::finished;
  std::chrono::steady_clock::time_point due{};
  std::int32_t res = 0;
  std::chrono::nanoseconds until{};  ///< of a timeout, by its clock
  bool stuck = false;
  std::size_t limit = SIZE_MAX;  ///< bytes that this transfer moves at most
  std::uint64_t next = 0;        ///< the operation that is linked to this one; 0: none

  std::shared_ptr<held_file> file;
  std::shared_ptr<held_file> source;  ///< of a splice
  std::string path;
  std::string second_path;
  std::string address;       ///< of a connect
  bool connecting = false;   ///< it has begun, and the socket waits for the peer
  std::size_t moved = 0;     ///< bytes that a send which waits for all has sent so far
  bool result_told = false;  ///< a zero-copy send: what is to come is that its memory is free
  std::unique_ptr<message> header;
  std::unique_ptr<edge_watch> edges;  ///< of a poll that goes on

  /// Memory that the kernel reads (a write), or stores into when the operation completes.
  std::vector<iovec> lent;
  bool stores = false;
  std::uint64_t content = 0;                ///< fingerprint of the lent memory
  std::vector<std::uint64_t> declarations;  ///< of each piece, where they are checked
  std::unique_ptr<aligned_bytes> staged;    ///< what will be stored, or was sent
};

/// Does what the operation asks for, with the system calls that the kernel's own code would end in,
/// and without waiting. Nothing if it would have to wait. What a read brings is staged, not stored.
[[nodiscard]] std::optional<std::int32_t> execute(operation& op);

[[nodiscard]] std::optional<std::int32_t> execute_splice(const operation& op);
/// For bytes, and for room: not where a pipe is not to.
[[nodiscard]] bool splice_waits(const operation& op) noexcept;
[[nodiscard]] std::int32_t execute_attribute(operation& op);
[[nodiscard]] bool is_of_attribute(const operation& op) noexcept;

[[nodiscard]] constexpr bool is_of_word(const operation& op) noexcept {
  return op.code == detail::opcode::futex_wait || op.code == detail::opcode::futex_wake;
}

/// What only sockets do.
[[nodiscard]] bool is_of_socket(const operation& op) noexcept;
/// A send that is over only when all is sent.
[[nodiscard]] bool sends_all(const operation& op) noexcept;
/// It ends with this result, and what is linked to it must not start.
[[nodiscard]] bool breaks_chain(const operation& op, std::int32_t res) noexcept;
/// Operations that may have to wait for somebody else.
[[nodiscard]] bool may_wait(const operation& op) noexcept;
/// What poll(2) must be asked to know whether one that waits can go on.
[[nodiscard]] pollfd readiness_of(const operation& op) noexcept;

}  // namespace carousel::fake
