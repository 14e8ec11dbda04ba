#include "footprint/asio_connections.hpp"

#include <sys/socket.h>

#include <array>
#include <asio.hpp>
#include <cstddef>
#include <memory>

namespace bench {
namespace {

using stream = asio::generic::stream_protocol::socket;

asio::awaitable<void> wait_for_bytes(stream from) {
  std::array<std::byte, 4096> bytes;  // NOLINT(cppcoreguidelines-pro-type-member-init): read into
  (void)co_await from.async_read_some(asio::buffer(bytes), asio::use_awaitable);
}

}  // namespace

struct asio_connections::loop {
  asio::io_context context{1};
};

asio_connections::asio_connections() : loop_(std::make_unique<loop>()) {}
asio_connections::~asio_connections() = default;

void asio_connections::add(int fd) {
  asio::co_spawn(
      loop_->context,
      wait_for_bytes(stream(loop_->context, asio::generic::stream_protocol(AF_UNIX, 0), fd)),
      asio::detached);
  loop_->context.poll();
}

}  // namespace bench
