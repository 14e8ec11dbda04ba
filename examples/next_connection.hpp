#pragma once

// How these servers take what their listener brings.

#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

#include "carousel/carousel.hpp"

/// Nothing: there will be no more, because the listener was closed, this task is to end, or the
/// runtime does. Other errors pass: mostly there are too few descriptors, and soon somebody closes
/// one.
template <class Stream>
carousel::task<std::optional<Stream>> next_connection(const carousel::accept_stream<Stream>& from) {
  using carousel::errc;
  for (;;) {
    auto peer = co_await from.next();
    if (peer) co_return std::move(*peer);
    const std::error_code why = peer.error();
    if (why == errc::end_of_file || why == errc::canceled || why == errc::shut_down)
      co_return std::nullopt;
    co_await carousel::sleep_for(std::chrono::milliseconds(100));
  }
}
