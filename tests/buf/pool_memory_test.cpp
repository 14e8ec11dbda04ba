#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <list>
#include <optional>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

#include "support/bytes.hpp"
#include "support/logged_bytes.hpp"
#include "support/run.hpp"

// The user's own memory: what a pool is made from, how long it lives, and how it comes back.

namespace carousel {
namespace {

using test::logged_bytes;
using test::run;

std::vector<logged_bytes> two_logged(int& ended) {
  std::vector<logged_bytes> made;
  made.reserve(2);
  made.emplace_back(64, ended);
  made.emplace_back(64, ended);
  return made;
}

/// Whether a core dump leaves this address out: VmFlags of /proc/self/smaps has "dd".
bool left_out_of_dumps(const std::byte* address) {
  std::ifstream maps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2) {
      const auto at = reinterpret_cast<std::uintptr_t>(address);
      inside = begin <= at && at < end;
    }
    if (inside && line.starts_with("VmFlags:")) return line.find(" dd") != line.npos;
  }
  return false;
}

TEST(pool_memory, core_dumps_leave_a_pool_out_unless_it_is_asked_for) {
  for (const huge_pages huge : {huge_pages::never, huge_pages::transparent}) {
    const auto quiet = fixed_buf_pool::make({{4096, 4}}, {.huge = huge}).value();
    EXPECT_TRUE(left_out_of_dumps(quiet.try_next(4096).value().spare().data()));
    const auto dumped = fixed_buf_pool::make({{4096, 4}}, {.huge = huge, .dump = true}).value();
    EXPECT_FALSE(left_out_of_dumps(dumped.try_next(4096).value().spare().data()));
  }
}

TEST(pool_memory, a_pool_takes_owned_bytes) {
  std::vector<owned_bytes> buffers;
  buffers.push_back(owned_bytes::with_capacity(4096));
  buffers.push_back(owned_bytes::with_capacity(512, 512));
  std::byte* const first = buffers[0].data();
  const auto pool = fixed_buf_pool::from(std::move(buffers)).value();
  EXPECT_EQ(pool.try_next(4096).value().spare().data(), first);
  EXPECT_EQ(pool.try_next(512).value().index(), 1);
}

TEST(pool_memory, vectors_given_as_an_rvalue_are_moved_in) {
  std::vector<std::vector<std::byte>> buffers(3);
  for (auto& b : buffers) b.resize(100);
  const std::byte* const last = buffers[2].data();
  const auto registry = fixed_buf_registry::from(std::move(buffers)).value();
  EXPECT_EQ(registry.check_out(2).value().spare().data(), last);
}

TEST(pool_memory, vectors_given_as_an_lvalue_are_copied) {
  std::vector<std::vector<char>> buffers(1);
  buffers[0].assign(100, 'x');
  const auto pool = fixed_buf_pool::from(buffers).value();
  ASSERT_EQ(buffers[0].size(), 100U);
  EXPECT_NE(reinterpret_cast<char*>(pool.try_next(100).value().spare().data()), buffers[0].data());
}

TEST(pool_memory, a_lazy_view_makes_the_buffers) {
  const auto registry =
      fixed_buf_registry::from(std::views::iota(1, 4) | std::views::transform([](int i) {
                                 return owned_bytes::with_capacity(static_cast<std::size_t>(i) * 64,
                                                                   64);
                               }))
          .value();
  ASSERT_EQ(registry.count(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(registry.check_out(i).value().capacity(), (i + 1) * 64);
  }
}

TEST(pool_memory, any_container_will_do) {
  std::list<owned_bytes> buffers;
  buffers.push_back(owned_bytes::with_capacity(64, 64));
  buffers.push_back(owned_bytes::with_capacity(128, 64));
  const auto pool = fixed_buf_pool::from(std::move(buffers)).value();
  EXPECT_TRUE(pool.try_next(128));
}

TEST(pool_memory, bytes_that_a_buffer_brings_along_count_as_initialised_but_not_as_fill) {
  std::vector<std::vector<std::byte>> buffers(1);
  buffers[0].assign(100, std::byte{7});
  const auto pool = fixed_buf_pool::from(std::move(buffers)).value();
  auto buf = pool.try_next(100);
  ASSERT_TRUE(buf);
  EXPECT_EQ(buf->size(), 0U);
  EXPECT_EQ(buf->initialized(), 100U);
}

TEST(pool_memory, memory_lives_until_the_last_handle) {
  int ended = 0;
  {
    std::optional pool = fixed_buf_pool::from(two_logged(ended)).value();
    const fixed_buf_pool copy = *pool;
    pool.reset();
    EXPECT_EQ(ended, 0);
    EXPECT_TRUE(copy.try_next(64));
  }
  EXPECT_EQ(ended, 2);
}

TEST(pool_memory, memory_lives_until_the_last_lease) {
  int ended = 0;
  std::optional pool = fixed_buf_pool::from(two_logged(ended)).value();
  auto first = pool->try_next(64);
  auto second = pool->try_next(64);
  pool.reset();
  first.reset();
  EXPECT_EQ(ended, 0);
  second->append(test::bytes_of("mine"));
  EXPECT_EQ(test::text_of(second->bytes()), "mine");
  second.reset();
  EXPECT_EQ(ended, 2);
}

TEST(pool_memory, memory_lives_as_long_as_its_registration) {
  int ended = 0;
  {
    runtime rt = runtime::make().value();
    rt.block_on([](int& log) -> task<> {
      const auto pool = fixed_buf_pool::from(two_logged(log)).value();
      EXPECT_TRUE(pool.register_buffers());
      co_return;
    }(ended));
    EXPECT_EQ(ended, 0);
  }
  EXPECT_EQ(ended, 2);
}

TEST(pool_memory, memory_ends_with_unregistration_when_nobody_else_has_it) {
  int ended = 0;
  run([&]() -> task<> {
    {
      const auto pool = fixed_buf_pool::from(two_logged(ended)).value();
      EXPECT_TRUE(pool.register_buffers());
      EXPECT_TRUE(pool.unregister_buffers());
      EXPECT_EQ(ended, 0);
    }
    EXPECT_EQ(ended, 2);
    co_return;
  });
}

TEST(pool_memory, close_gives_the_memory_back) {
  int ended = 0;
  run([&]() -> task<> {
    auto pool = fixed_buf_pool::from(two_logged(ended)).value();
    EXPECT_TRUE(pool.register_buffers());
    pool.try_next(64)->append(test::bytes_of("left behind"));
    const auto back = co_await std::move(pool).close<logged_bytes>();
    EXPECT_TRUE(back);
    EXPECT_EQ(back->size(), 2U);
    EXPECT_EQ(ended, 0);
  });
  EXPECT_EQ(ended, 2);
}

TEST(pool_memory_death, close_names_the_type_that_the_pool_was_made_from) {
  const auto close_as_another_type = [] {
    run([]() -> task<> {
      auto pool = fixed_buf_pool::make({{64, 1}}).value();
      (void)co_await std::move(pool).close<owned_bytes>();
    });
  };
  EXPECT_DEATH(close_as_another_type(), "names the buffer type that the pool was made from");
}

TEST(pool_memory, an_arena_on_huge_pages_works_the_same) {
  const auto pool =
      fixed_buf_pool::make({{1U << 20U, 3}}, {.huge = huge_pages::transparent}).value();
  auto buf = pool.try_next(1U << 20U);
  ASSERT_TRUE(buf);
  buf->resize(buf->capacity());
  EXPECT_EQ(buf->bytes().back(), std::byte{0});
}

}  // namespace
}  // namespace carousel
