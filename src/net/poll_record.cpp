#include "carousel/detail/net/poll_record.hpp"

#include <memory>
#include <utility>

#include "carousel/detail/driver/stream_pump.hpp"

namespace carousel::detail {
namespace {

constexpr std::uint32_t poll_multishot = 1;  // IORING_POLL_ADD_MULTI

}  // namespace

void poll_items::encode(driver& io, slot&, request& r) const noexcept {
  r.code = opcode::poll_add;
  if (io.keeps_every_completion()) r.length = poll_multishot;
  r.op_flags = static_cast<std::uint32_t>(wanted);
  name_file(io, r);
}

shot_end poll_items::complete(std::int32_t res, nothing&, slot&) const noexcept {
  if (res < 0) return fail(kernel_error(res), {});
  to->merge(res);
  return {};
}

shot_end poll_items::fail(std::error_code error, nothing&&) const noexcept {
  return {.error = error, .over = file && file->state == file_state::closed};
}

/// It begins again when the last event was taken: a regular file, which is always ready, ends it
/// each time.
poll_record::poll_record(fd_ref file)
    : stream_record({.room = 1, .high = 1}), file_(std::move(file)) {}

poll_record* poll_record::make(file_operation file, poll_events wanted) {
  std::unique_ptr<poll_record, void (*)(poll_record*)> made(
      new poll_record(file.file), [](poll_record* failed) { failed->end(); });
  made->set_pump(keep_going(*made, poll_items{{std::move(file)}, wanted, made.get()}).frame);
  return made.release();
}

}  // namespace carousel::detail
