#include "carousel/detail/net/splice_call.hpp"

#include <algorithm>

#include "carousel/detail/driver/failure_note.hpp"
#include "carousel/detail/io/position.hpp"
#include "carousel/net/splice.hpp"

namespace carousel {
namespace detail {
namespace {

constexpr std::uint32_t from_is_in_table = 1U << 31U;  // SPLICE_F_FD_IN_FIXED

}  // namespace

failure_code splice_call::check(const driver& io) const noexcept {
  if (!io.supports(req.code)) return failure(errc::not_supported);
  if (const failure_code error = check_file(io)) return error;
  CAROUSEL_ASSERT(held.get() != nullptr, "this file or socket was moved from or closed");
  return held.get()->refusal(io.files());
}

void splice_call::encode(driver& io, slot&, request& r) noexcept {
  request source;
  name_file(io, source);
  r = req;
  io.files().name(r, *held.get());
  r.file_index = static_cast<std::uint32_t>(source.fd);
  if ((source.sqe_flags & sqe_fixed_file) != 0) r.op_flags |= from_is_in_table;
  held.begin_use();
}

result<std::size_t> splice_call::complete(std::int32_t res, second_file& to, slot&) const noexcept {
  to.end_use();
  if (res < 0) return fail(kernel_error(res), std::move(to));
  return static_cast<std::size_t>(res);
}

result<std::size_t> splice_call::fail(std::error_code error, second_file&&) const noexcept {
  return std::unexpected(note_failure(error, req.code, file.get()));
}

}  // namespace detail

namespace {

using detail::opcode;
using detail::request;

[[nodiscard]] std::uint64_t place(std::optional<std::uint64_t> offset) noexcept {
  return offset ? detail::position(*offset).value() : detail::current_position;
}

[[nodiscard]] splice_operation begin(const fd_handle& from, const fd_handle& to, std::size_t bytes,
                                     request req) noexcept {
  req.length = static_cast<std::uint32_t>(std::min(bytes, detail::transfer_bytes_max));
  return splice_operation({from.hold(), req, detail::second_file(to.hold().file)});
}

}  // namespace

splice_operation splice_bytes(const fd_handle& from, const fd_handle& to, std::size_t bytes,
                              splice_offsets at) noexcept {
  return begin(from, to, bytes,
               {.code = opcode::splice, .offset = place(at.to), .address = place(at.from)});
}

splice_operation tee_bytes(const fd_handle& from, const fd_handle& to, std::size_t bytes) noexcept {
  return begin(from, to, bytes, {.code = opcode::tee});
}

}  // namespace carousel
