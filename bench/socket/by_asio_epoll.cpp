#define asio asio_on_epoll

#include "socket/by_asio.hpp"

namespace bench {

std::unique_ptr<exchange_engine> exchanges_by_asio_epoll(const exchange& what) {
  return std::make_unique<asio_loop>(what);
}

}  // namespace bench
