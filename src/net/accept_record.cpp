#include "carousel/detail/net/accept_record.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

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

/// Takes one connection, into an entry of the file table if there is one.
struct accept_into_table : accept_base {
  using completions = ext::one_completion;
  using output = shot_end;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_file;
  accept_record* to;

  output complete(std::int32_t res, accepting& lent, slot&) const {
    if (res < 0) return fail(kernel_error(res), {});
    if (!lent.entry) return {.item = res};
    return {.item = to->keep(std::move(lent.entry).adopt())};
  }
  output fail(std::error_code error, accepting&&) const noexcept {
    return {.error = error, .over = ends_accepting(file, error)};
  }
};

/// As keep_going(), with an operation that has an entry of its own each time.
stream_pump accept_one_by_one(accept_record& of, file_operation listener) {
  for (;;) {
    while (!of.may_begin()) co_await std::suspend_always{};
    shot_end how;
    try {
      operation shot(accept_into_table{{listener, true}, &of});
      of.begins(shot.seen_by_driver());
      how = co_await shot;
    } catch (const std::bad_alloc&) {
      how.error = std::make_error_code(std::errc::not_enough_memory);
    }
    of.ended(how);
  }
}

}  // namespace

void accept_items::unclaimed::discard(std::int32_t res, nothing&) noexcept {
  if (res >= 0) ::close(res);
}

void accept_items::encode(driver& io, slot&, request& r) const noexcept {
  encode_accept(io, *this, r);
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

accept_record* accept_record::make(file_operation listener, std::size_t queue_max,
                                   accept_options options) {
  CAROUSEL_ASSERT(queue_max > 0, "a stream has room for one item at least");
  std::unique_ptr<accept_record, void (*)(accept_record*)> made(
      new accept_record(listener.file, queue_max), [](accept_record* failed) { failed->end(); });
  const stream_pump pump = options.ring_only
                               ? accept_one_by_one(*made, std::move(listener))
                               : keep_going(*made, accept_items{{std::move(listener)}, made.get()});
  made->set_pump(pump.frame);
  return made.release();
}

std::int32_t accept_record::keep(fd_ref connection) {
  const auto free = std::ranges::find_if(kept_, [](const fd_ref& one) { return !one; });
  const auto place = static_cast<std::int32_t>(free - kept_.begin());
  if (free == kept_.end())
    kept_.push_back(std::move(connection));
  else
    *free = std::move(connection);
  return first_kept - place;
}

result<fd_ref> accept_record::take(std::int32_t item) {
  if (item > first_kept) return accepted(item, listener_);
  return std::exchange(kept(item), {});
}

void accept_record::discard(std::int32_t item) noexcept {
  if (item > first_kept) {
    ::close(item);
  } else {
    kept(item) = {};
  }
}

}  // namespace carousel::detail
