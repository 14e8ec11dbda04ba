#pragma once

#include "carousel/config.hpp"

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <utility>

#include "carousel/detail/base/recycler.hpp"
#include "carousel/detail/base/thread_mark.hpp"
#include "carousel/detail/driver/wait_line.hpp"
#include "carousel/result.hpp"

namespace carousel::detail {

struct operation_base;

/// What the last completion of an operation means for the stream that it belongs to.
struct shot_end {
  static constexpr std::int32_t no_item = -1;

  std::int32_t item = no_item;  ///< it has brought one as well
  std::error_code error{};      ///< which one next() gets, unless it is over
  bool over = false;            ///< nothing more will ever come
};

/// How many items a stream keeps.
struct stream_limits {
  std::size_t room;  ///< so many items have memory from the beginning
  /// With so many its operation is cancelled; what the kernel brings until then is kept. With at
  /// most half of them it begins again.
  std::size_t high;
};

/// Places of items, the only one of which needs no memory of its own: most connections have one.
class stream_items {
 public:
  /// Throws std::bad_alloc.
  explicit stream_items(std::size_t room) : room_(static_cast<std::uint32_t>(room)) {
    if (has_more()) places_.more = new std::int32_t[room];
  }
  stream_items(const stream_items&) = delete;
  stream_items& operator=(const stream_items&) = delete;
  ~stream_items() {
    if (has_more()) delete[] places_.more;
  }
  void swap(stream_items& other) noexcept {
    std::swap(places_, other.places_);
    std::swap(room_, other.room_);
  }
  [[nodiscard]] std::size_t size() const noexcept { return room_; }
  [[nodiscard]] std::int32_t& operator[](std::size_t place) noexcept {
    return has_more() ? places_.more[place] : places_.only;
  }

 private:
  [[nodiscard]] bool has_more() const noexcept { return room_ > 1; }

  union {
    std::int32_t only = 0;
    std::int32_t* more;
  } places_;
  std::uint32_t room_;
};

/// A stream: what an operation that goes on has brought and nobody has taken yet, and who waits for
/// more. The operation is in flight while no task awaits it. The one who does is a coroutine of the
/// stream's own (stream_pump.hpp), which runs in nobody's name and inside of no verb.
///
///   at rest    the pump stands before its operation: until the first next(), while there are more
///              items than half of stream_limits::high, and after an error until it is told and
///              somebody asks again, so that an error which stays does not become a busy loop
///   in flight  items arrive, each for the one who waits longest
///   over       next() gives what is left, and then errc::end_of_file
///   ended      its handle is gone: the operation is abandoned and what had arrived is discarded.
///              Who waits gets errc::canceled
///
/// Who waits counts, so that the record outlives its handle under a coroutine that is suspended in
/// next(). It belongs to one thread, and to no runtime: one that was left behind by the end of a
/// runtime begins again in that of the next next().
class stream_record : public recycled {
 public:
  stream_record(const stream_record&) = delete;
  stream_record& operator=(const stream_record&) = delete;

  void retain() noexcept { ++refs_; }
  void release() noexcept {
    if (--refs_ == 0) delete this;
  }
  /// Its handle goes.
  void end() noexcept;

  // For the pump.

  void set_pump(std::coroutine_handle<> frame) noexcept { pump_ = frame; }
  [[nodiscard]] bool may_begin() const noexcept {
    return !over_ && failed_ == 0 && count_ <= high_ / 2;
  }
  void begins(operation_base& op) noexcept {
    waits_for_ = pump_waits::for_the_kernel;
    waits_at_.in_flight = &op;
    thread_ = &thread_mark;
    pausing_ = false;
  }
  /// The same for something of this runtime that is not the kernel's.
  void waits(const parked_waiter& at) noexcept {
    waits_for_ = pump_waits::for_the_runtime;
    waits_at_.parked = &at;
    thread_ = &thread_mark;
  }
  void begins_nothing() noexcept { waits_for_ = pump_waits::for_nothing; }
  void ended(const shot_end& how) noexcept;
  /// What an operation has brought that the pump does not await any more. While the stream is
  /// there its runtime has ended, and it goes on in another.
  void late(std::int32_t value) noexcept;
  [[nodiscard]] bool has_ended() const noexcept { return ended_; }
  /// Somebody waits in next(), or is about to.
  [[nodiscard]] bool is_asked() const noexcept { return asked_ || !line_.empty(); }

  // For the operation, with each completion that announces another.

  void item(std::int32_t value) noexcept;
  /// The same where an item only says that there is something: one that nobody has taken yet
  /// becomes this one too.
  void merge(std::int32_t bits) noexcept;

 protected:
  /// Throws std::bad_alloc.
  explicit stream_record(stream_limits limits);
  virtual ~stream_record() = default;

 private:
  friend class stream_waiter;
  /// Gets rid of an item that nobody takes.
  virtual void discard(std::int32_t item) noexcept = 0;

  /// What next() could be given: items, and behind them an error.
  [[nodiscard]] std::size_t pending() const noexcept {
    return count_ + static_cast<std::size_t>(failed_ != 0);
  }
  void put(std::int32_t value) noexcept;
  [[nodiscard]] std::uint32_t place_after(std::uint32_t more) const noexcept;
  [[nodiscard]] bool grow() noexcept;
  [[nodiscard]] result<std::int32_t> take() noexcept;
  void want() noexcept;
  [[nodiscard]] bool goes_on() const noexcept;
  void pause() noexcept;
  void promise() noexcept;
  void count_off_promise() noexcept;
  void run_pump() noexcept;

  enum class pump_waits : std::uint8_t { for_nothing, for_the_kernel, for_the_runtime };

  // Each connection that waits has a record: no byte is left between these.
  [[no_unique_address]] stream_items items_;  ///< a ring
  const std::uint32_t high_;                  ///< of stream_limits
  std::uint32_t refs_ = 1;
  std::uint32_t first_ = 0;
  std::uint32_t count_ = 0;
  std::uint32_t promised_ = 0;  ///< of pending(), to those who have waited and did not run yet
  failure_code failed_ = 0;     ///< the error behind the items
  bool pausing_ : 1 = false;    ///< the operation was told to end because there are too many items
  bool asked_ : 1 = false;      ///< by somebody who does not stand in line yet
  bool over_ : 1 = false;
  bool ended_ : 1 = false;
  pump_waits waits_for_ = pump_waits::for_nothing;
  union {
    operation_base* in_flight = nullptr;
    const parked_waiter* parked;  ///< where the pump waits, if not in an operation
  } waits_at_;
  const char* thread_ = nullptr;  ///< where its pump has come to wait
  std::coroutine_handle<> pump_;
  wait_line line_;
};
static_assert(sizeof(stream_record) == 88);

/// A counted reference to a stream.
class stream_ref {
 public:
  explicit stream_ref(stream_record& of) noexcept : of_(&of) { of.retain(); }
  stream_ref(stream_ref&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
  stream_ref& operator=(stream_ref&&) = delete;
  ~stream_ref() {
    if (of_ != nullptr) of_->release();
  }
  [[nodiscard]] stream_record& operator*() const noexcept { return *of_; }

 private:
  stream_record* of_;
};

/// A suspension point in next().
class stream_waiter : line_waiter {
 public:
  stream_waiter(const stream_waiter&) = delete;
  stream_waiter& operator=(const stream_waiter&) = delete;
  static bool await_ready() noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> h) noexcept;

 protected:
  explicit stream_waiter(stream_ref of) noexcept;
  ~stream_waiter();
  [[nodiscard]] result<std::int32_t> take() noexcept;
  [[nodiscard]] stream_record& record() const noexcept { return *of_; }

 private:
  friend class stream_record;
  bool promised_ = false;  ///< something that is pending is for it; where the base has room
  stream_ref of_;
};

}  // namespace carousel::detail
