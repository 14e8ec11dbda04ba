#pragma once

#include <cstddef>
#include <cstdint>
#include <system_error>
#include <vector>

#include "carousel/detail/driver/stream_handle.hpp"
#include "carousel/detail/net/accept_call.hpp"
#include "carousel/net/accept_options.hpp"

namespace carousel::detail {

/// Takes the connections of a listener one after the other, where the kernel can (Linux 5.19) with
/// one request for all of them.
struct accept_items : file_operation {
  using resources = nothing;
  using lends = ext::lends_nothing;
  /// Closes a connection that nobody waits for.
  struct unclaimed {
    static void discard(std::int32_t res, nothing&) noexcept;
  };
  using completions = ext::many_completions;
  using output = shot_end;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_file;
  stream_record* to;
  resources held{};

  [[nodiscard]] failure_code check(const driver& io) const noexcept { return check_file(io); }
  void encode(driver& io, slot&, request& r) const noexcept;
  void item(std::int32_t res, std::uint32_t) const noexcept { to->item(res); }
  output complete(std::int32_t res, nothing&, slot&) const noexcept;
  output fail(std::error_code error, nothing&&) const noexcept;
};

/// A stream of connections; its items are descriptors, and below those, for connections that have
/// none, places among those that it keeps.
class accept_record final : public stream_record {
 public:
  /// Throws std::bad_alloc.
  [[nodiscard]] static accept_record* make(file_operation listener, std::size_t queue_max,
                                           accept_options options);
  [[nodiscard]] const fd_ref& listener() const noexcept { return listener_; }
  /// Keeps one without a descriptor. Throws std::bad_alloc.
  [[nodiscard]] std::int32_t keep(fd_ref connection);
  /// Throws std::bad_alloc, with the connection closed.
  [[nodiscard]] result<fd_ref> take(std::int32_t item);

 private:
  static constexpr std::int32_t first_kept = shot_end::no_item - 1;

  accept_record(fd_ref listener, std::size_t queue_max);
  ~accept_record() override = default;
  void discard(std::int32_t item) noexcept override;
  [[nodiscard]] fd_ref& kept(std::int32_t item) noexcept {
    return kept_[static_cast<std::size_t>(first_kept - item)];
  }

  fd_ref listener_;
  std::vector<fd_ref> kept_;
};

/// Connections that are a Stream.
template <class Stream>
struct accepted_streams {
  using record = accept_record;

  [[nodiscard]] static result<Stream> make(accept_record& of, std::int32_t item) {
    return accept_call<Stream>::make(of.take(item));
  }
  [[nodiscard]] static std::error_code explain(const accept_record& of,
                                               std::error_code error) noexcept {
    return note_failure(error, opcode::accept, of.listener().get());
  }
};

}  // namespace carousel::detail
