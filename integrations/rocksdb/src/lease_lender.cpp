#include "lease_lender.hpp"

#include <array>
#include <cstdint>
#include <mutex>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "carousel/carousel.hpp"
#include "counters.hpp"

namespace carousel_rocksdb {

namespace {

using carousel::buf_class;
using carousel::fixed_buf;
using carousel::fixed_buf_pool;

constexpr std::size_t kib = 1024;
constexpr std::align_val_t alignment{4096};

/// Blocks, what RocksDB reads ahead of an iterator, and what it reads ahead for a compaction.
constexpr std::array classes = {buf_class{32 * kib, 256}, buf_class{256 * kib, 64},
                                buf_class{2048 * kib, 8}};

/// The pool, which is one thread's at a time, and its leases that are out. It is never destroyed:
/// RocksDB's own destructors may bring back what they have after all of ours.
class lease_lender {
 public:
  static lease_lender& of_all() {
    static lease_lender& all = *new lease_lender;
    return all;
  }

  /// Null: there is none.
  handed_memory lend(std::size_t bytes) {
    const std::lock_guard own(lock_);
    std::optional<fixed_buf> lease;
    for (const buf_class& c : classes) {
      if (!pool_ || c.capacity < bytes) continue;
      lease = pool_->try_next(c.capacity);
      if (lease) break;
    }
    if (!lease) return nullptr;
    const std::uint16_t index = lease->index();
    void* const data = lease->spare().data();
    out_[index] = std::move(lease);
    return {data, [index](void*) { of_all().check_in(index); }};
  }

 private:
  lease_lender() {
    std::size_t leases = 0;
    for (const buf_class& c : classes) leases += c.count;
    out_.resize(leases);
    if (auto made = fixed_buf_pool::make(classes)) pool_ = std::move(*made);
  }
  void check_in(std::uint16_t index) noexcept {
    const std::lock_guard own(lock_);
    out_[index].reset();
  }

  std::mutex lock_;
  std::optional<fixed_buf_pool> pool_;
  std::vector<std::optional<fixed_buf>> out_;  ///< by their indices
};

}  // namespace

handed_memory hand_over(std::size_t bytes) {
  count(counters.handed_over);
  if (handed_memory lent = lease_lender::of_all().lend(bytes)) return lent;
  return {::operator new(bytes, alignment),
          [](void* memory) { ::operator delete(memory, alignment); }};
}

}  // namespace carousel_rocksdb
