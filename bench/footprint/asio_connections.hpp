#pragma once

#include <memory>

namespace bench {

/// Connections that each wait in a coroutine of Asio with 4 KiB to read into, as its examples have
/// them, in a loop of its epoll backend.
class asio_connections {
 public:
  asio_connections();
  asio_connections(const asio_connections&) = delete;
  asio_connections& operator=(const asio_connections&) = delete;
  ~asio_connections();

  /// Takes the descriptor, and waits for bytes of it from now on.
  void add(int fd);

 private:
  struct loop;
  std::unique_ptr<loop> loop_;
};

}  // namespace bench
