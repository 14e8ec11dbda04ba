#include "read_ahead.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <exception>
#include <span>
#include <utility>

#include "counters.hpp"
#include "lease_read.hpp"

namespace carousel_rocksdb {

using carousel::buf_result;
using carousel::fixed_buf;
using carousel::fixed_buf_pool;
using carousel::runtime;
using carousel::task;

namespace {

constexpr std::size_t window_max = read_ahead::pieces_max * read_ahead::piece_bytes_max;
/// A stream that was not served for so many others may lose its leases to one that is.
constexpr std::uint64_t stale_after = 32;
constexpr unsigned caution_max = 6;

task<buf_result<std::size_t, fixed_buf>> read_piece(int fd, std::uint64_t offset, std::size_t bytes,
                                                    fixed_buf into) {
  co_return co_await lease_read(fd, offset, bytes, std::move(into));
}

}  // namespace

void read_ahead::serve(const open_file& file, read_progress& asked,
                       unsigned reads_before) noexcept {
  const std::uint64_t offset = asked.offset();
  const std::size_t bytes = asked.bytes();
  try {
    stream* s = find(file.number(), offset);
    if (s == nullptr) {
      if (reads_before >> caution_ < reads_in_a_row_min) return;
      s = begin_stream(file.number());
      if (s == nullptr) return;
    }
    s->served_at = ++serves_;
    s->next = offset + bytes;
    s->window = std::clamp(2 * s->window, 2 * bytes, window_max);
    const std::optional<file_mark> mark = file_mark::of(file.fd());
    if (!mark || mark != s->mark) {
      forget(*s);
      s->mark = mark;
    }
    give_what_is_here(*s, asked);
    if (asked.finished() && next_bytes(*s, file) == 0) return;
    ring_->block_on(go_on(*s, file, asked));
    if (!all_has_gone_out()) forget(*s);
  } catch (const std::exception&) {  // of memory; calls need none
    count(counters.redone);
    for (stream& s : streams_) forget(s);
  }
}

read_ahead::stream* read_ahead::find(std::uint64_t file, std::uint64_t offset) noexcept {
  const auto found = std::ranges::find_if(
      streams_, [&](const stream& s) { return s.file == file && s.next == offset; });
  return found == streams_.end() ? nullptr : &*found;
}

read_ahead::stream* read_ahead::begin_stream(std::uint64_t file) {
  if (!has_means()) return nullptr;
  ++serves_;  // also where there is no room: streams that are not served any more grow stale by it
  const auto unused = std::ranges::find_if(
      streams_, [this](const stream& s) { return s.pieces.empty() || is_stale(s); });
  if (unused == streams_.end()) return nullptr;
  forget(*unused);
  *unused = {};
  unused->pieces.reserve(pieces_max);
  unused->file = file;
  return &*unused;
}

bool read_ahead::has_means() {
  if (ring_) return true;
  if (!refusal_.is_over()) return false;
  auto pool = fixed_buf_pool::make({{piece_bytes_max, pieces_max}});
  if (!pool) return refusal_.note(pool.error()), false;
  // With room for what operations_max says the completion queue alone would take a mebibyte.
  auto ring = runtime::make(
      {.entries = pieces_max, .operations_max = pieces_max, .defers_completions = false});
  if (!ring) return refusal_.note(ring.error()), false;
  pool_ = std::move(*pool);
  ring_ = std::move(*ring);
  return true;
}

bool read_ahead::is_stale(const stream& s) const noexcept {
  return serves_ - s.served_at > stale_after;
}

std::optional<fixed_buf> read_ahead::free_lease() {
  std::optional<fixed_buf> lease = pool_->try_next(piece_bytes_max);
  if (lease) return lease;
  for (stream& s : streams_) {
    if (is_stale(s)) forget(s);
  }
  return pool_->try_next(piece_bytes_max);  // those in flight come home with a later turn
}

void read_ahead::give_what_is_here(stream& s, read_progress& asked) noexcept {
  while (!asked.finished() && !s.pieces.empty() && s.pieces.front().lease) {
    const piece& from = s.pieces.front();
    const std::span<const std::byte> here = from.lease->bytes();
    const std::uint64_t skip = asked.offset() - from.offset;
    const std::size_t some = std::min<std::size_t>(asked.bytes(), here.size() - skip);
    std::memcpy(asked.into(), here.subspan(skip).data(), some);
    asked.took(some);
    if (skip + some < here.size()) return;
    const bool ends_here = here.size() < from.bytes;
    s.pieces.erase(s.pieces.begin());
    s.useful = true;
    if (caution_ != 0) --caution_;
    if (ends_here) forget(s);
  }
}

std::size_t read_ahead::next_bytes(const stream& s, const open_file& file) noexcept {
  if (!s.mark) return 0;
  const std::uint64_t file_end =
      (s.mark->bytes + file.alignment() - 1) / file.alignment() * file.alignment();
  const std::uint64_t from = s.pieces.empty() ? s.next : s.pieces.back().end();
  const std::uint64_t until = std::min(s.next + s.window, file_end);
  if (from >= until) return 0;
  const std::uint64_t room = until - from;
  // Short reads make room little by little.
  const bool too_little = room < std::min(s.window / 2, piece_bytes_max) && until < file_end;
  return too_little ? 0 : std::min<std::size_t>(room, piece_bytes_max);
}

task<> read_ahead::go_on(stream& s, const open_file& file, read_progress& asked) {
  while (!asked.finished() && !s.pieces.empty()) {
    piece& next = s.pieces.front();
    auto reading = std::move(*next.reading);
    next.reading.reset();
    buf_result<std::size_t, fixed_buf> came = co_await std::move(reading);
    if (!came.res || *came.res == 0) {
      count(counters.redone);
      forget(s);
      s.mark.reset();  // and nothing is begun before the next read
      co_return;
    }
    next.lease = std::move(came.buf);
    give_what_is_here(s, asked);
  }
  begin_pieces(s, file);
}

void read_ahead::begin_pieces(stream& s, const open_file& file) {
  while (const std::size_t bytes = next_bytes(s, file)) {
    std::optional<fixed_buf> lease = free_lease();
    if (!lease) return;
    const std::uint64_t offset = s.pieces.empty() ? s.next : s.pieces.back().end();
    s.pieces.push_back(
        {.offset = offset,
         .bytes = bytes,
         .reading = carousel::spawn(read_piece, file.fd(), offset, bytes, std::move(*lease)),
         .lease = std::nullopt});
    count(counters.ahead);
  }
}

bool read_ahead::all_has_gone_out() {
  using std::chrono::nanoseconds;
  for (int turns = 3; turns > 0; --turns) {
    if (ring_->may_wait() != nanoseconds::zero()) return true;
    if (!ring_->poll()) return false;
  }
  return ring_->may_wait() != nanoseconds::zero();
}

void read_ahead::forget(stream& s) noexcept {
  if (s.pieces.empty()) return;
  count(counters.unread, s.pieces.size());
  if (!s.useful) caution_ = std::min(caution_ + 1, caution_max);
  for (piece& p : s.pieces) {
    if (p.reading) p.reading->abort();
  }
  s.pieces.clear();
}

}  // namespace carousel_rocksdb
