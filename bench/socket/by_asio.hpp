#pragma once

#include <sys/socket.h>

#include <asio.hpp>
#include <deque>

#include "common/machine.hpp"
#include "socket/exchange.hpp"

// Asio's callbacks, without its coroutines, which are slower. A backend is chosen by macros before
// the first header of Asio, and one program has both: each source that includes this has a copy of
// its own, and one of them gives Asio's namespace another name.

namespace bench {
namespace {

class asio_end {
 public:
  asio_end(asio::io_context& context, int fd, const exchange& what, std::byte* message, bool asks)
      : what_(what),
        socket_(context, asio::generic::stream_protocol(what.tcp ? AF_INET : AF_UNIX, 0), fd),
        message_(message),
        asks_(asks) {}

  void start(std::uint64_t count) {
    left_ = count;
    if (left_ == 0) return;
    if (asks_) {
      send();
    } else {
      receive();
    }
  }

 private:
  void send() {
    if (asks_) stamp(message_, what_, left_);
    asio::async_write(socket_, asio::buffer(message_, what_.bytes),
                      [this](const asio::error_code& error, std::size_t) {
                        if (error) fail("a transfer of a socket failed: " + error.message());
                        if (asks_ || --left_ > 0) receive();
                      });
  }
  void receive() {
    asio::async_read(socket_, asio::buffer(message_, what_.bytes),
                     [this](const asio::error_code& error, std::size_t) {
                       if (error) fail("a transfer of a socket failed: " + error.message());
                       if (asks_) check_answer(message_, what_, left_);
                       if (!asks_ || --left_ > 0) send();
                     });
  }

  const exchange& what_;
  asio::generic::stream_protocol::socket socket_;
  std::byte* message_;
  bool asks_;
  std::uint64_t left_ = 0;
};

class asio_loop final : public exchange_engine {
 public:
  explicit asio_loop(const exchange& what) : what_(what), memory_(what.bytes * what.pairs * 2) {
    std::byte* at = memory_.data();
    for (const connection& c : connections_of(what_)) {
      ends_.emplace_back(context_, c.asks, what_, at, true);
      ends_.emplace_back(context_, c.answers, what_, at + what.bytes, false);
      at += 2 * what.bytes;
    }
  }

  void run(std::uint64_t count) override {
    for (unsigned i = 0; i < ends_.size(); ++i) ends_[i].start(share_of(count, what_, i / 2));
    context_.run();
    context_.restart();
  }

 private:
  exchange what_;
  pages memory_;
  asio::io_context context_{1};
  std::deque<asio_end> ends_;
};

}  // namespace

}  // namespace bench
