#include "counters.hpp"

#include <cstdio>
#include <cstdlib>

namespace carousel_rocksdb {

read_counters counters;
const bool counting = std::getenv("CAROUSEL_ROCKSDB_COUNTERS") != nullptr;

namespace {

struct said_at_exit {
  ~said_at_exit() {
    if (!counting) return;
    const auto n = [](const std::atomic<std::uint64_t>& counter) {
      return static_cast<unsigned long long>(counter.load(std::memory_order_relaxed));
    };
    std::fprintf(
        stderr,
        "carousel-rocksdb: files %llu, reads %llu, multireads %llu, requests %llu, by ring "
        "%llu, async reads %llu, async busy %llu, polls %llu, aborts %llu, ahead %llu, unread "
        "%llu, redone %llu, handed over %llu\n",
        n(counters.files), n(counters.reads), n(counters.multireads), n(counters.requests),
        n(counters.by_ring), n(counters.async_reads), n(counters.async_busy), n(counters.polls),
        n(counters.aborts), n(counters.ahead), n(counters.unread), n(counters.redone),
        n(counters.handed_over));
  }
};
const said_at_exit at_exit;

}  // namespace

}  // namespace carousel_rocksdb
