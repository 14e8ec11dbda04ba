#include "carousel/detail/net/receive_record.hpp"

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <system_error>
#include <utility>
#include <variant>

#include "carousel/detail/buf/fixed_access.hpp"
#include "carousel/detail/buf/group_wait.hpp"
#include "carousel/detail/buf/lent_memory.hpp"
#include "carousel/detail/driver/stream_pump.hpp"
#include "carousel/detail/io/until_readable.hpp"
#include "carousel/detail/net/stream_transfer.hpp"

namespace carousel::detail {
namespace {

/// What one receive has brought.
struct received {
  shot_end how;
  bool filled = false;  ///< its buffer: there may be more
};

[[nodiscard]] shot_end failed(std::error_code error, const fd_ref& socket) noexcept {
  return {.error = error, .over = socket && socket->state == file_state::closed};
}

/// Receives what is there, and does not wait: a buffer that waited with it would be missing
/// elsewhere. Its buffer becomes an item, or goes home.
struct receive_now : file_operation {
  struct resources {
    fixed_buf buf;
    stream_ref of;
  };
  struct unclaimed {
    static void discard(std::int32_t res, resources& back) noexcept;
  };
  using output = received;
  using lends = lent_buf<resources>;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_connection;
  resources held;

  [[nodiscard]] failure_code check(const driver& io) const noexcept { return check_file(io); }
  void encode(driver& io, slot&, request& r) const noexcept {
    encode_stream<direction::read>(r, buf_traits<fixed_buf>::data(held.buf), held.buf.capacity());
    r.op_flags |= MSG_DONTWAIT;
    name_file(io, r);
  }
  output complete(std::int32_t res, resources& back, slot&) const noexcept {
    return take(res, back.buf, file);
  }
  output fail(std::error_code error, resources&&) const noexcept {
    return {.how = failed(error, file)};
  }

  [[nodiscard]] std::size_t asked() const noexcept { return held.buf.capacity(); }
  static void break_seen(descriptor& socket, std::size_t asked, std::int32_t res) noexcept {
    note_break(direction::read, socket, asked, res);
  }

 private:
  [[nodiscard]] static received take(std::int32_t res, fixed_buf& buf,
                                     const fd_ref& socket) noexcept;
};

received receive_now::take(std::int32_t res, fixed_buf& buf, const fd_ref& socket) noexcept {
  const std::size_t room = buf.capacity();
  const result<std::size_t> n = stream_result(direction::read, socket, res, room);
  if (!n && n.error() == std::errc::resource_unavailable_try_again) return {};
  if (!n) return {.how = failed(n.error(), socket)};
  if (*n == 0) return {.how = {.over = true}};
  buf_traits<fixed_buf>::set_size(buf, *n);
  return {.how = {.item = fixed_access::leave(std::move(buf))}, .filled = *n == room};
}

/// Where the runtime has ended before it could give what it has brought, that is the next item all
/// the same: a stream that went on without those bytes would look whole.
void receive_now::unclaimed::discard(std::int32_t res, resources& back) noexcept {
  auto& of = static_cast<receive_record&>(*back.of);
  if (of.has_ended()) return;
  const received last = take(res, back.buf, of.socket());
  if (last.how.item != shot_end::no_item) of.late(last.how.item);
}

/// The next step of a stream that receives, as one awaitable: until there is something to read, for
/// a buffer to read it into, the receive. They have one place for all three, and what they bring
/// is dealt with in functions, since g++ gives each local variable of a coroutine bytes of its own,
/// and each connection has such a frame.
///
/// It takes a buffer when something is there, and only while somebody asks: the buffers of a
/// connection that nobody reads are free for the others. A buffer that was filled may not have been
/// all, so that the next one is tried at once.
class receive_step {
 public:
  explicit receive_step(receive_record& of) noexcept : of_(of) {}
  /// It has a buffer, and the receive is next.
  [[nodiscard]] bool goes_on() const noexcept { return std::holds_alternative<receiving>(doing_); }

  static bool await_ready() noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> h) noexcept;
  void await_resume() noexcept;

 private:
  using polling = operation<readable_call>;
  using receiving = operation<receive_now>;

  [[nodiscard]] file_operation socket() const noexcept { return {of_.socket()}; }
  [[nodiscard]] shot_end what_came() noexcept;
  [[nodiscard]] shot_end take_buffer(group_wait& turn) noexcept;

  receive_record& of_;
  [[no_unique_address]] std::variant<std::monostate, polling, group_wait, receiving> doing_;
  bool readable_ = false;  ///< as far as is known
};

bool receive_step::await_suspend(std::coroutine_handle<> h) noexcept {
  try {
    if (auto* const receive = std::get_if<receiving>(&doing_)) {
      of_.begins(receive->seen_by_driver());
      return receive->await_suspend(h);
    }
    if (!readable_) {
      auto& poll = doing_.emplace<polling>(until_readable(socket()));
      of_.begins(poll.seen_by_driver());
      return poll.await_suspend(h);
    }
    auto& turn = doing_.emplace<group_wait>(of_.group(), *of_.socket().get());
    of_.waits(turn.seen_by_runtime());
    if (turn.await_ready()) return false;
    turn.await_suspend(h);
    return true;
  } catch (const std::bad_alloc&) {
    doing_.emplace<std::monostate>();
    return false;
  }
}

shot_end receive_step::take_buffer(group_wait& turn) noexcept {
  result<fixed_buf> lease = turn.await_resume();
  of_.begins_nothing();
  if (!lease) return failed(lease.error(), of_.socket());
  if (of_.is_asked()) {
    doing_.emplace<receiving>(receive_now{socket(), {std::move(*lease), stream_ref(of_)}});
  }
  return {};
}

shot_end receive_step::what_came() noexcept {
  if (auto* const poll = std::get_if<polling>(&doing_)) {
    const result<> told = poll->await_resume();
    readable_ = told.has_value();
    return told ? shot_end{} : failed(told.error(), of_.socket());
  }
  if (auto* const receive = std::get_if<receiving>(&doing_)) {
    const received last = receive->await_resume();
    readable_ = last.filled;
    return last.how;
  }
  return {.error = std::make_error_code(std::errc::not_enough_memory)};
}

void receive_step::await_resume() noexcept {
  shot_end how;
  if (auto* const turn = std::get_if<group_wait>(&doing_)) {
    how = take_buffer(*turn);
    if (goes_on()) return;
  } else {
    how = what_came();
  }
  doing_.emplace<std::monostate>();
  of_.ended(how);
}

stream_pump receive_in_turn(receive_record& of) {
  receive_step step(of);
  for (;;) {
    while (!step.goes_on() && (!of.may_begin() || !of.is_asked())) co_await std::suspend_always{};
    co_await step;
  }
}

}  // namespace

receive_record::receive_record(fd_ref socket, group_ref group)
    : stream_record({.room = 1, .high = 1}), socket_(std::move(socket)), group_(std::move(group)) {}

receive_record* receive_record::make(file_operation socket, group_ref group) {
  std::unique_ptr<receive_record, void (*)(receive_record*)> made(
      new receive_record(std::move(socket.file), std::move(group)),
      [](receive_record* failed) { failed->end(); });
  made->set_pump(receive_in_turn(*made).frame);
  return made.release();
}

fixed_buf receive_record::lease_of(std::int32_t item) const noexcept {
  return fixed_access::adopt(group().pool().entry_at(static_cast<std::size_t>(item)));
}

void receive_record::discard(std::int32_t item) noexcept { (void)lease_of(item); }

}  // namespace carousel::detail
