#include "carousel/detail/buf/group_record.hpp"

#include <utility>

namespace carousel::detail {

group_record::group_record(collection_ref pool, buf_size_class& of, std::uint32_t wanted) noexcept
    : wanted_(wanted), pool_(std::move(pool)), buffers_(of.capacity) {
  buffers_.whole = &of;
  pool_->lend_to(*this);
}

group_record::~group_record() { pool_->end_lending(*this); }

result<group_record*> group_record::make(collection_ref pool, std::size_t capacity,
                                         std::size_t count) {
  if (pool->closed()) return std::unexpected(make_error_code(errc::pool_closed));
  buf_size_class* const of = pool->find(capacity);
  if (of == nullptr) return std::unexpected(make_error_code(errc::no_such_capacity));
  if (count == 0 || count > of->total)
    return std::unexpected(std::make_error_code(std::errc::invalid_argument));
  return new group_record(std::move(pool), *of, static_cast<std::uint32_t>(count));
}

}  // namespace carousel::detail
