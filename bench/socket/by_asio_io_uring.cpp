#define ASIO_HAS_IO_URING
#define ASIO_DISABLE_EPOLL

#include "socket/by_asio.hpp"

namespace bench {

std::unique_ptr<exchange_engine> exchanges_by_asio_io_uring(const exchange& what) {
  return std::make_unique<asio_loop>(what);
}

}  // namespace bench
