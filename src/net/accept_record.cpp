#include "carousel/detail/net/accept_record.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>

#include "carousel/detail/driver/stream_pump.hpp"

namespace carousel::detail {
namespace {

constexpr std::uint16_t accept_multishot = 1;  // IORING_ACCEPT_MULTISHOT
/// The kernel that was the first to have it was the first to make multishot accepts too.
constexpr opcode op_socket{45};
/// For so many connections at most there is memory at once: who has no limit seldom needs more.
constexpr std::size_t room_max = 4096;

/// Nobody will listen there any more, whoever has closed it or shut it down.
[[nodiscard]] bool ends_accepting(const fd_ref& listener, std::error_code error) noexcept {
  return error == std::errc::invalid_argument ||
         (listener && listener->state == file_state::closed);
}

}  // namespace

void accept_items::encode(driver& io, slot& s, request& r) const noexcept {
  accept_base::encode(io, s, r);
  if (io.supports(op_socket) && io.keeps_every_completion()) r.ioprio = accept_multishot;
}

shot_end accept_items::complete(std::int32_t res, nothing&, slot&) const noexcept {
  if (res >= 0) return {.item = res};
  return fail(kernel_error(res), {});
}

shot_end accept_items::fail(std::error_code error, nothing&&) const noexcept {
  return {.error = error, .over = ends_accepting(file, error)};
}

accept_record::accept_record(fd_ref listener, std::size_t queue_max)
    : stream_record({.room = std::min(queue_max, room_max), .high = queue_max}),
      listener_(std::move(listener)) {}

accept_record* accept_record::make(file_operation listener, std::size_t queue_max) {
  CAROUSEL_ASSERT(queue_max > 0, "a stream has room for one item at least");
  std::unique_ptr<accept_record, void (*)(accept_record*)> made(
      new accept_record(listener.file, queue_max), [](accept_record* failed) { failed->end(); });
  made->set_pump(keep_going(*made, accept_items{{std::move(listener)}, made.get()}).frame);
  return made.release();
}

void accept_record::discard(std::int32_t item) noexcept { ::close(item); }

}  // namespace carousel::detail
