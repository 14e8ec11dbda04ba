#include "carousel/detail/net/connect_call.hpp"

#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "carousel/detail/driver/failure_note.hpp"
#include "carousel/detail/net/address_text.hpp"
#include "carousel/stop_requested.hpp"
#include "carousel/time/sleep.hpp"

namespace carousel::detail {
namespace {

operation<connect_call> connecting(const fd_ref& socket, const socket_address& to) {
  return operation(connect_call{{socket}, to});
}

}  // namespace

void connect_call::encode(driver& io, slot& s, request& r) const {
  std::byte* const side = io.side_block(s, to.size());
  std::memcpy(side, to.data(), to.size());
  r.code = opcode::connect;
  r.address = reinterpret_cast<std::uintptr_t>(side);
  r.offset = to.size();
  name_file(io, r);
}

result<> connect_call::complete(std::int32_t res, nothing&, slot&) const noexcept {
  if (res < 0) return fail(kernel_error(res), nothing{});
  return {};
}

result<> connect_call::fail(std::error_code error, nothing&&) const noexcept {
  return std::unexpected(note_failure(error, "connect to", address_text(to).c_str()));
}

task<result<>> connect_socket(fd_ref socket, socket_address to) {
  if (to.family() != AF_UNIX) co_return co_await connecting(socket, to);
  // A blocking one would keep a worker of the kernel for itself while it waits for room.
  const int flags = ::fcntl(socket->fd, F_GETFL);
  ::fcntl(socket->fd, F_SETFL, flags | O_NONBLOCK);
  constexpr std::chrono::milliseconds longest_pause{100};
  for (std::chrono::milliseconds pause{1};; pause = std::min(2 * pause, longest_pause)) {
    const result<> done = co_await connecting(socket, to);
    const bool full = !done && done.error() == std::errc::resource_unavailable_try_again;
    if (!full) {
      ::fcntl(socket->fd, F_SETFL, flags);
      co_return done;
    }
    co_await sleep_for(pause);
    if (stop_requested()) co_return std::unexpected(make_error_code(errc::canceled));
  }
}

}  // namespace carousel::detail
