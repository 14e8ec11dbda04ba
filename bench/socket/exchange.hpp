#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace bench {

/// One end of a connection sends a message, the other one sends it back, again and again, on so
/// many connections at a time; all in one thread.
struct exchange {
  bool tcp = true;  ///< else Unix sockets
  std::size_t bytes = 64;
  unsigned pairs = 1;
};

/// A rival of the workload `socket`.
class exchange_engine {
 public:
  virtual ~exchange_engine() = default;
  /// So many messages there and back, on all connections together.
  virtual void run(std::uint64_t count) = 0;
};

std::unique_ptr<exchange_engine> exchanges_by_hand(const exchange& what);
std::unique_ptr<exchange_engine> exchanges_by_carousel(const exchange& what);
/// By read_exact and write_all, which are coroutines.
std::unique_ptr<exchange_engine> exact_exchanges_by_carousel(const exchange& what);
std::unique_ptr<exchange_engine> exchanges_by_epoll(const exchange& what);
std::unique_ptr<exchange_engine> exchanges_by_asio_io_uring(const exchange& what);
std::unique_ptr<exchange_engine> exchanges_by_asio_epoll(const exchange& what);

/// The two ends of a connection, which whoever gets them closes.
struct connection {
  int asks = -1;
  int answers = -1;
};
/// As many as the exchange has pairs; over the loopback interface without Nagle's algorithm.
std::vector<connection> connections_of(const exchange& what);

/// How many of `count` messages are the i-th connection's.
[[nodiscard]] inline std::uint64_t share_of(std::uint64_t count, const exchange& what, unsigned i) {
  return count / what.pairs + (i < count % what.pairs ? 1 : 0);
}

/// Both ends of a message tell which one it is.
void stamp(std::byte* message, const exchange& what, std::uint64_t number) noexcept;
/// Ends the program if another one has come back.
void check_answer(const std::byte* message, const exchange& what, std::uint64_t number);

}  // namespace bench
