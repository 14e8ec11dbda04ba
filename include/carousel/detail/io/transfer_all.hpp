#pragma once

#include <cstddef>
#include <utility>

#include "carousel/detail/driver/operation.hpp"
#include "carousel/detail/io/position.hpp"
#include "carousel/task.hpp"

namespace carousel::detail {

template <class T>
using transferred_buffer = typename T::resources;

// A function of its own: g++ 12 destroys the members of an aggregate twice that is a temporary of a
// co_await.
template <class Transfer>
operation<Transfer> one_transfer(const fd_ref& file, transferred_buffer<Transfer>&& buf,
                                 part extent) noexcept {
  return operation<Transfer>(std::in_place_type<Transfer>, file_operation{file}, std::move(buf),
                             extent);
}

/// Repeats a transfer until all `total` bytes are through. On an error the buffer's size says how
/// much a read had brought.
template <class Transfer>
task<buf_result<void, transferred_buffer<Transfer>>> transfer_all(fd_ref file,
                                                                  transferred_buffer<Transfer> buf,
                                                                  position at, std::size_t total,
                                                                  errc at_nothing) {
  constexpr int interruptions_max = 16;
  int interruptions = 0;
  for (std::size_t done = 0; done < total;) {
    auto r = co_await one_transfer<Transfer>(file, std::move(buf), part{at.advanced(done), done});
    buf = std::move(r.buf);
    if (!r.res) {
      if (r.res.error() == std::errc::interrupted && ++interruptions < interruptions_max) continue;
      co_return {std::unexpected(r.res.error()), std::move(buf)};
    }
    done += *r.res;
    // O_DIRECT: an odd count means that the file ended, and nothing could go on from there.
    const std::uint32_t align = file ? file->offset_align : 0;
    const bool ended = *r.res == 0 || (done < total && align != 0 && done % align != 0);
    if (ended) co_return {std::unexpected(make_error_code(at_nothing)), std::move(buf)};
  }
  co_return {result<>{}, std::move(buf)};
}

}  // namespace carousel::detail
