#include "lease_lender.hpp"

#include <array>
#include <mutex>
#include <new>
#include <optional>
#include <utility>

#include "carousel/carousel.hpp"
#include "counters.hpp"

namespace carousel_rocksdb {

namespace {

using carousel::buf_class;
using carousel::fixed_buf_pool;
using carousel::handed_buf;

constexpr std::size_t kib = 1024;
constexpr std::align_val_t alignment{4096};

/// Blocks, what RocksDB reads ahead of an iterator, and what it reads ahead for a compaction.
constexpr std::array classes = {buf_class{32 * kib, 256}, buf_class{256 * kib, 64},
                                buf_class{2048 * kib, 8}};

/// The pool, which is one thread's at a time; what it has handed over comes back by itself. It is
/// never destroyed: RocksDB's own destructors may still read after all of ours.
class lease_lender {
 public:
  static lease_lender& of_all() {
    static lease_lender& all = *new lease_lender;
    return all;
  }

  /// Null: there is none. Throws std::bad_alloc.
  handed_memory lend(std::size_t bytes) {
    std::optional<handed_buf> lent = handed_over(bytes);
    if (!lent) return nullptr;
    void* const data = lent->spare().data();
    return {data, std::move(*lent).release()};
  }

 private:
  lease_lender() {
    if (auto made = fixed_buf_pool::make(classes)) pool_ = std::move(*made);
  }
  std::optional<handed_buf> handed_over(std::size_t bytes) {
    const std::lock_guard own(lock_);
    for (const buf_class& c : classes) {
      if (!pool_ || c.capacity < bytes) continue;
      if (auto lease = pool_->try_next(c.capacity)) return std::move(*lease).hand_over();
    }
    return std::nullopt;
  }

  std::mutex lock_;
  std::optional<fixed_buf_pool> pool_;
};

}  // namespace

handed_memory hand_over(std::size_t bytes) {
  count(counters.handed_over);
  if (handed_memory lent = lease_lender::of_all().lend(bytes)) return lent;
  return {::operator new(bytes, alignment),
          [](void* memory) { ::operator delete(memory, alignment); }};
}

}  // namespace carousel_rocksdb
