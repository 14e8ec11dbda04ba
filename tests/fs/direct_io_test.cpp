#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "support/content.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

// O_DIRECT: the alignment is checked before the kernel sees an operation.

namespace carousel {
namespace {

using test::content_of;
using test::error_of;
using test::owned;
using test::run;
using test::text_of;

class direct_io : public testing::Test {
 protected:
  static constexpr std::size_t block = 4096;

  void SetUp() override {
    path_ = dir_.make("f", std::string(block, 'a') + std::string(block, 'b') + "tail");
    const file_info about = run([this]() -> task<file_info> {
      const auto info = co_await file::info(path_);
      co_return info.value();
    });
    memory_align_ = about.direct_memory_alignment;
    if (memory_align_ == 0) GTEST_SKIP() << "this file system does not say what O_DIRECT asks for";
    ASSERT_EQ(block % about.direct_offset_alignment, 0U);
  }
  [[nodiscard]] task<file> open_direct() const {
    auto opened = co_await file::open(path_, open_options{}.read(true).write(true).direct(true));
    co_return std::move(opened).value();
  }

  test::temp_dir dir_;
  std::filesystem::path path_;
  std::size_t memory_align_ = 0;
};

TEST_F(direct_io, aligned_transfers_work) {
  run([this]() -> task<> {
    const file f = co_await open_direct();
    const auto read = co_await f.read_exact_at(owned_bytes::with_capacity(block), block);
    EXPECT_EQ(error_of(read.res), std::error_code{});
    EXPECT_EQ(text_of(read.buf.bytes()), std::string(block, 'b'));
    const auto written = co_await f.write_all_at(owned(std::string(block, 'c'), block), 0);
    EXPECT_EQ(error_of(written.res), std::error_code{});
  });
  EXPECT_EQ(content_of(path_), std::string(block, 'c') + std::string(block, 'b') + "tail");
}

/// Whoever has a buffer after the device is through with it is alone with it.
void use_as_mine(fixed_buf& lease, char mark) {
  lease.clear();
  lease.resize(lease.capacity());
  std::ranges::fill(lease.bytes(), static_cast<std::byte>(mark));
}
[[nodiscard]] bool is_mine(const fixed_buf& lease, char mark) {
  return std::ranges::all_of(lease.bytes(),
                             [mark](std::byte b) { return b == static_cast<std::byte>(mark); });
}

TEST_F(direct_io, a_read_that_was_abandoned_keeps_its_buffer_until_the_device_is_through) {
  constexpr std::size_t large = 1U << 20U;
  const auto path = dir_.make("large", std::string(large, 'x'));
  run([&]() -> task<> {
    const auto pool = fixed_buf_pool::make({{large, 2}}).value();
    EXPECT_TRUE(pool.register_buffers());
    const auto opened = co_await file::open(path, open_options{}.direct(true));
    const file& f = opened.value();
    int abandoned = 0;
    // Those that the device was quicker with say nothing.
    for (int round = 0; round < 10 || (abandoned == 0 && round < 1000); ++round) {
      auto reading = f.read_fixed_at((co_await pool.next(large)).value(), 0);
      auto r = co_await abandon_after(std::chrono::nanoseconds(round % 2), std::move(reading));
      if (r.res) {
        EXPECT_EQ(*r.res, large);
        continue;
      }
      EXPECT_EQ(error_of(r.res), errc::timed_out);
      EXPECT_FALSE(r.buf);
      ++abandoned;
      // Both buffers are in hand only when the device is through with the first one.
      auto one = (co_await pool.next(large)).value();
      auto two = (co_await pool.next(large)).value();
      use_as_mine(one, 'm');
      use_as_mine(two, 'm');
      co_await sleep_for(std::chrono::milliseconds(1));
      EXPECT_TRUE(is_mine(one, 'm') && is_mine(two, 'm'));
    }
    EXPECT_GT(abandoned, 0);
  });
}

TEST_F(direct_io, a_length_off_the_grid_is_misaligned) {
  run([this]() -> task<> {
    const file f = co_await open_direct();
    const auto read = co_await f.read_at(owned_bytes::with_capacity(block + 1), 0);
    EXPECT_EQ(error_of(read.res), errc::misaligned);
    EXPECT_EQ(read.buf.capacity(), block + 1);
    const auto written = co_await f.write_at(owned("abc", block), 0);
    EXPECT_EQ(error_of(written.res), errc::misaligned);
    EXPECT_EQ(text_of(written.buf.bytes()), "abc");
    EXPECT_EQ(error_of(written.res), std::errc::invalid_argument);
  });
}

TEST_F(direct_io, an_offset_off_the_grid_is_misaligned) {
  run([this]() -> task<> {
    const file f = co_await open_direct();
    const auto read = co_await f.read_exact_at(owned("old", block), 1);
    EXPECT_EQ(error_of(read.res), errc::misaligned);
    EXPECT_EQ(text_of(read.buf.bytes()), "old");
  });
}

TEST_F(direct_io, an_address_off_the_grid_is_misaligned) {
  if (memory_align_ == 1) GTEST_SKIP() << "every address will do";
  run([this]() -> task<> {
    const file f = co_await open_direct();
    const auto read = co_await f.read_at(slice(owned("x", 2 * block), 1, 1 + block), 0);
    EXPECT_EQ(error_of(read.res), errc::misaligned);
  });
}

TEST_F(direct_io, one_misaligned_buffer_refuses_a_vector) {
  run([this]() -> task<> {
    const file f = co_await open_direct();
    std::vector<owned_bytes> wrong;
    wrong.push_back(owned_bytes::with_capacity(block));
    wrong.push_back(owned_bytes::with_capacity(block - 1));
    const auto refused = co_await f.readv_at(std::move(wrong), 0);
    EXPECT_EQ(error_of(refused.res), errc::misaligned);
    std::vector<owned_bytes> right;
    right.push_back(owned_bytes::with_capacity(block));
    right.push_back(owned_bytes::with_capacity(block));
    const auto read = co_await f.readv_at(std::move(right), 0);
    EXPECT_EQ(read.res, 2 * block);
  });
}

TEST_F(direct_io, leases_are_checked_as_well) {
  run([this]() -> task<> {
    const file f = co_await open_direct();
    const auto pool = fixed_buf_pool::make({{2 * block, 1}}).value();
    EXPECT_TRUE(pool.register_buffers());
    fixed_buf lease = pool.try_next(2 * block).value();
    auto refused = co_await f.read_fixed_at(std::move(lease), 1);
    EXPECT_EQ(error_of(refused.res), errc::misaligned);
    const auto read = co_await f.read_fixed_at(std::move(refused.buf).slice(0, block), block);
    EXPECT_EQ(read.res, block);
    EXPECT_EQ(text_of(read.buf.bytes()), std::string(block, 'b'));
  });
}

TEST_F(direct_io, an_exact_read_ends_at_an_end_of_file_off_the_grid) {
  run([this]() -> task<> {
    const file f = co_await open_direct();
    const auto read = co_await f.read_exact_at(owned_bytes::with_capacity(3 * block), 0);
    EXPECT_EQ(error_of(read.res), errc::end_of_file);
    EXPECT_EQ(read.buf.size(), (2 * block) + 4);
    EXPECT_EQ(text_of(read.buf.bytes()).substr(2 * block), "tail");
  });
}

}  // namespace
}  // namespace carousel
