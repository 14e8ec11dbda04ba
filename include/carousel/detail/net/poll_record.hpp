#pragma once

#include <cstdint>
#include <system_error>

#include "carousel/detail/driver/failure_note.hpp"
#include "carousel/detail/driver/operation.hpp"
#include "carousel/detail/driver/stream_handle.hpp"
#include "carousel/net/poll_events.hpp"

namespace carousel::detail {

/// Tells each time that something becomes ready, from the state at its beginning on.
struct poll_items : file_operation {
  using completions = ext::many_completions;
  using resources = nothing;
  using output = shot_end;
  using lends = ext::lends_nothing;
  using unclaimed = ext::result_owns_nothing;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_file;
  poll_events wanted;
  stream_record* to;
  resources held{};

  [[nodiscard]] failure_code check(const driver& io) const noexcept { return check_file(io); }
  void encode(driver& io, slot&, request& r) const noexcept;
  void item(std::int32_t res, std::uint32_t) const noexcept { to->merge(res); }
  output complete(std::int32_t res, nothing&, slot&) const noexcept;
  output fail(std::error_code error, nothing&&) const noexcept;
};

/// A stream of what a descriptor has become ready for, of which one is kept.
class poll_record final : public stream_record {
 public:
  /// Throws std::bad_alloc.
  [[nodiscard]] static poll_record* make(file_operation file, poll_events wanted);
  [[nodiscard]] const fd_ref& file() const noexcept { return file_; }

 private:
  explicit poll_record(fd_ref file);
  ~poll_record() override = default;
  void discard(std::int32_t) noexcept override {}

  fd_ref file_;
};

struct polled_events {
  using record = poll_record;

  [[nodiscard]] static result<poll_events> make(const poll_record&, std::int32_t item) noexcept {
    return static_cast<poll_events>(item);
  }
  [[nodiscard]] static std::error_code explain(const poll_record& of,
                                               std::error_code error) noexcept {
    return note_failure(error, opcode::poll_add, of.file().get());
  }
};

}  // namespace carousel::detail
