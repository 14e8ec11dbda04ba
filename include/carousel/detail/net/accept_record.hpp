#pragma once

#include <cstddef>
#include <cstdint>
#include <system_error>

#include "carousel/detail/driver/stream_handle.hpp"
#include "carousel/detail/net/accept_call.hpp"

namespace carousel::detail {

/// Takes the connections of a listener one after the other, where the kernel can (Linux 5.19) with
/// one request for all of them.
struct accept_items : accept_base {
  using completions = ext::many_completions;
  using output = shot_end;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_file;
  stream_record* to;

  void encode(driver& io, slot& s, request& r) const noexcept;
  void item(std::int32_t res, std::uint32_t) const noexcept { to->item(res); }
  output complete(std::int32_t res, nothing&, slot&) const noexcept;
  output fail(std::error_code error, nothing&&) const noexcept;
};

/// A stream of the descriptors of connections.
class accept_record final : public stream_record {
 public:
  /// Throws std::bad_alloc.
  [[nodiscard]] static accept_record* make(file_operation listener, std::size_t queue_max);
  [[nodiscard]] const fd_ref& listener() const noexcept { return listener_; }

 private:
  accept_record(fd_ref listener, std::size_t queue_max);
  ~accept_record() override = default;
  void discard(std::int32_t item) noexcept override;

  fd_ref listener_;
};

/// Connections that are a Stream.
template <class Stream>
struct accepted_streams {
  using record = accept_record;

  [[nodiscard]] static result<Stream> make(const accept_record& of, std::int32_t item) {
    return accept_call<Stream>::make(item, of.listener());
  }
  [[nodiscard]] static std::error_code explain(const accept_record& of,
                                               std::error_code error) noexcept {
    return note_failure(error, opcode::accept, of.listener().get());
  }
};

}  // namespace carousel::detail
