#include <sys/uio.h>

#include <vector>

#include "carousel/detail/buf/buf_collection.hpp"

// A collection and the buffer table of a driver.

namespace carousel::detail {

result<> buf_collection::register_with(driver& io) {
  if (closed_) return std::unexpected(make_error_code(errc::pool_closed));
  if (state_ != registration::none)
    return std::unexpected(make_error_code(errc::already_registered));
  if (kernel_holds_) return std::unexpected(make_error_code(errc::busy));
  std::vector<iovec> table;
  table.reserve(entries_.size());
  for (const buf_entry& e : entries_) {
    // A lost buffer keeps its place; there is no memory behind it any more.
    table.push_back(e.quarantined ? iovec{} : iovec{.iov_base = e.data, .iov_len = e.capacity});
  }
  const result<> done = io.buffers().add(*this, table);
  if (done) {
    refusal_.reset();
  } else {
    if (const std::error_code error = refused(done.error(), io, table))
      return std::unexpected(error);
    io.buffers().add_plain(*this);
    io.count_plain_fallback();
  }
  state_ = done ? registration::fixed : registration::plain;
  driver_ = &io;
  thread_ = &thread_mark;
  forks_ = forks;
  kernel_holds_ = true;
  retain();
  return {};
}

result<> buf_collection::unregister_from(driver& io) {
  if (state_ == registration::none || driver_ != &io) {
    return std::unexpected(make_error_code(errc::not_registered));
  }
  state_ = registration::none;
  driver_ = nullptr;
  io.remove_buffers();
  return {};
}

void buf_collection::registration_ended() noexcept {
  state_ = registration::none;
  driver_ = nullptr;
  kernel_holds_ = false;
  if (closer_ != nullptr) wake_closer();
  release();
}

}  // namespace carousel::detail
