#pragma once

#include "carousel/detail/driver/operation.hpp"
#include "carousel/net/socket_address.hpp"
#include "carousel/task.hpp"

namespace carousel::detail {

/// Connects a socket. When it was cancelled the socket is spent: it may still become connected, and
/// another attempt fails.
struct connect_call : file_operation {
  socket_address to;

  using resources = nothing;
  using output = result<>;
  using lends = ext::lends_nothing;
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_file;
  resources held{};

  [[nodiscard]] failure_code check(const driver& io) const noexcept { return check_file(io); }
  void encode(driver& io, slot& s, request& r) const;

  output complete(std::int32_t res, nothing&, slot&) const noexcept;
  output fail(std::error_code error, nothing&&) const noexcept;
};

/// Connects until it has worked or failed: a Unix listener whose backlog is full is asked again
/// after a while.
[[nodiscard]] task<result<>> connect_socket(fd_ref socket, socket_address to);

}  // namespace carousel::detail
