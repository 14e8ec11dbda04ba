#include "carousel/detail/buf/collection_registration.hpp"

#include <sys/uio.h>

#include <vector>

#include "carousel/detail/buf/buf_collection.hpp"
#include "driver/ring_driver.hpp"

namespace carousel::detail {

result<> collection_registration::begin(driver& io) {
  if (whole_.closed()) return std::unexpected(make_error_code(errc::pool_closed));
  if (with() != nullptr) return std::unexpected(make_error_code(errc::already_registered));
  if (holds_memory()) return std::unexpected(make_error_code(errc::busy));
  std::vector<iovec> table;
  table.reserve(whole_.entries().size());
  for (const buf_entry& e : whole_.entries()) {
    // A lost buffer keeps its index; there is no memory behind it any more.
    table.push_back(e.quarantined ? iovec{} : iovec{.iov_base = e.data, .iov_len = e.capacity});
  }
  buffer_table& buffers = ring_driver::of(io).buffers();
  if (const result<> done = buffers.add(*this, table)) {
    refusal_.reset();
  } else {
    if (const std::error_code error = refused(done.error(), io, table))
      return std::unexpected(error);
    buffers.add_plain(*this);
    ring_driver::of(io).count_plain_fallback();
  }
  whole_.retain();
  return {};
}

result<> collection_registration::end(driver& io) {
  if (!is_with(io)) return std::unexpected(make_error_code(errc::not_registered));
  give_up();
  return {};
}

void collection_registration::give_up() noexcept {
  if (with() != nullptr) ring_driver::of(*with()).remove_buffers(*this);
}

void collection_registration::ended() noexcept {
  whole_.memory_let_go();
  whole_.release();
}

}  // namespace carousel::detail
