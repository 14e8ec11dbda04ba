#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <cstddef>
#include <utility>
#include <vector>

#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/small.hpp"

// Under AddressSanitizer: memory that the kernel has, and buffers that nobody has, may not be
// touched.

namespace carousel {
namespace {

using test::pipe_pair;
using test::run;
using test::small;

struct poison_death : testing::Test {
  void SetUp() override {
    if (!detail::memory_is_poisoned) GTEST_SKIP() << "AddressSanitizer is not in this build";
  }
};

volatile int sink = 0;
void look_at(const std::byte* p) { sink = std::to_integer<int>(*p); }

template <class B>
task<> read_into(file from, B buf) {
  (void)co_await from.read(std::move(buf));
}

TEST_F(poison_death, a_lease_is_not_read_while_the_kernel_has_it) {
  EXPECT_DEATH(run([]() -> task<> {
                 const pipe_pair pipe;
                 const auto pool = fixed_buf_pool::make({{small, 1}}).value();
                 auto lease = pool.try_next(small).value();
                 const std::byte* const kept = lease.spare().data();
                 look_at(kept);
                 (void)spawn(read_into<fixed_buf>, pipe.reader(), std::move(lease));
                 co_await yield();
                 look_at(kept);
               }),
               "use-after-poison");
}

TEST_F(poison_death, a_vector_is_not_read_while_the_kernel_has_it) {
  EXPECT_DEATH(run([]() -> task<> {
                 const pipe_pair pipe;
                 std::vector<std::byte> bytes(small);
                 const std::byte* const kept = bytes.data();
                 (void)spawn(read_into<std::vector<std::byte>>, pipe.reader(), std::move(bytes));
                 co_await yield();
                 look_at(kept);
               }),
               "use-after-poison");
}

TEST_F(poison_death, a_free_buffer_is_not_read) {
  const auto pool = fixed_buf_pool::make({{small, 2}}).value();
  auto lease = pool.try_next(small);
  const std::byte* const kept = lease->spare().data();
  look_at(kept);
  EXPECT_DEATH(look_at(kept - small), "use-after-poison");  // was never checked out
  lease.reset();
  EXPECT_DEATH(look_at(kept), "use-after-poison");
  lease = pool.try_next(small);
  look_at(kept);
}

TEST_F(poison_death, what_comes_back_can_be_used_again) {
  run([]() -> task<> {
    const pipe_pair pipe;
    pipe.put("four");
    auto r = co_await pipe.reader().read(std::vector<char>(4));
    EXPECT_EQ(r.buf, (std::vector{'f', 'o', 'u', 'r'}));
    std::vector<std::vector<char>> memory(3, std::vector<char>(100));
    auto pool = fixed_buf_pool::from(std::move(memory)).value();
    auto back = co_await std::move(pool).close<std::vector<char>>();
    for (const auto& bytes : *back) look_at(reinterpret_cast<const std::byte*>(&bytes[50]));
  });
}

}  // namespace
}  // namespace carousel
