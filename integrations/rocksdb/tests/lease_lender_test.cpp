// Memory that RocksDB is given with what was read into it: requests of RocksDB 8.4 and later can
// take it. This RocksDB's may be older, so the request is one of the tests' own.

#include "lease_lender.hpp"

#include <gtest/gtest.h>
#include <rocksdb/file_system.h>

#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace {

using carousel_rocksdb::hand_over;
using carousel_rocksdb::handed_memory;
using carousel_rocksdb::memory_of;
using carousel_rocksdb::takes_memory;

struct request_that_takes_memory {
  std::uint64_t offset = 0;
  std::size_t len = 0;
  char* scratch = nullptr;
  handed_memory fs_scratch = {};
};
struct request_that_brings_it {
  std::size_t len = 0;
  char* scratch = nullptr;
};
static_assert(takes_memory<request_that_takes_memory>);
static_assert(!takes_memory<request_that_brings_it>);

TEST(memory_of_a_request, is_what_rocksdb_has_brought) {
  char own = 0;
  request_that_takes_memory newer{.len = 1, .scratch = &own};
  EXPECT_EQ(memory_of(newer), &own);
  EXPECT_EQ(newer.fs_scratch, nullptr);
  request_that_brings_it older{.len = 1, .scratch = &own};
  EXPECT_EQ(memory_of(older), &own);
}

TEST(memory_of_a_request, is_the_requests_own_where_rocksdb_brings_none) {
  request_that_takes_memory asked{.len = 5000};
  char* const memory = memory_of(asked);
  ASSERT_NE(memory, nullptr);
  EXPECT_EQ(asked.fs_scratch.get(), memory);
  std::memset(memory, 'x', asked.len);
}

TEST(memory_of_a_request, is_none_for_no_bytes) {
  request_that_takes_memory asked;
  EXPECT_EQ(memory_of(asked), nullptr);
  EXPECT_EQ(asked.fs_scratch, nullptr);
}

TEST(handed_memory, is_checked_in_by_its_deleter_and_handed_out_again) {
  for (const std::size_t bytes : {1U, 4096U, 32'768U, 32'769U, 1'000'000U, 2'097'152U}) {
    handed_memory first = hand_over(bytes);
    const void* const at = first.get();
    handed_memory second = hand_over(bytes);
    EXPECT_NE(second.get(), at) << "two have it at once";
    first.reset();
    first = hand_over(bytes);
    EXPECT_EQ(first.get(), at) << bytes << " bytes: not the lease that came back last";
  }
}

TEST(handed_memory, is_enough_whatever_is_out_already) {
  std::vector<handed_memory> all;
  std::set<void*> places;
  for (int i = 0; i < 400; ++i) {
    all.push_back(hand_over(20'000));
    std::memset(all.back().get(), i, 20'000);
    EXPECT_TRUE(places.insert(all.back().get()).second);
  }
  for (int i = 0; i < 400; ++i) {
    const auto* const bytes =
        static_cast<const unsigned char*>(all[static_cast<std::size_t>(i)].get());
    EXPECT_EQ(bytes[0], i % 256);
    EXPECT_EQ(bytes[19'999], i % 256);
  }
  const handed_memory huge = hand_over(std::size_t{5} << 20U);
  std::memset(huge.get(), 'x', std::size_t{5} << 20U);
}

TEST(handed_memory, is_aligned_as_direct_reads_want_it) {
  for (const std::size_t bytes : {512U, 40'000U, 3'000'000U})
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(hand_over(bytes).get()) % 4096, 0U);
}

TEST(handed_memory, may_end_in_any_thread) {
  std::vector<std::jthread> threads;
  threads.reserve(8);
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 500; ++i) {
        handed_memory lent = hand_over(8192);
        std::memset(lent.get(), t, 8192);
        std::jthread ends;
        if (i % 50 == 0)
          ends = std::jthread([t, moved = std::move(lent)] {
            EXPECT_EQ(static_cast<const unsigned char*>(moved.get())[8191], t);
          });
        else
          EXPECT_EQ(static_cast<const unsigned char*>(lent.get())[8191], t);
      }
    });
  }
}

}  // namespace
