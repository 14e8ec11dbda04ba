#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/uio.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "support/bytes.hpp"
#include "support/fuse_mount.hpp"
#include "support/linux_version.hpp"
#include "support/logged_bytes.hpp"
#include "support/run.hpp"

// A runtime that ends while a file system does not answer: what the kernel still holds is named and
// never used again, and the process goes on.

namespace carousel {
namespace {

using test::error_of;
using test::fuse_mount;
using test::logged_bytes;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::size_t block = 65'536;
constexpr std::chrono::milliseconds deadline{50};

struct quarantine : testing::Test {
  void SetUp() override {
    if (mount.why_not() != nullptr) GTEST_SKIP() << mount.why_not();
    if (test::linux_is_before(6, 18)) GTEST_SKIP() << "reads through FUSE may block the enter";
  }
  fuse_mount mount;
};

task<> read_fixed_for_ever(std::filesystem::path path, fixed_buf lease) {
  const file from = (co_await file::open(path)).value();
  auto r = co_await from.read_fixed_at(std::move(lease), 0);
  ADD_FAILURE() << "a read that hangs went on";
}

template <class B>
task<> read_for_ever(std::filesystem::path path, B buf) {
  auto opened = co_await file::open(path);
  (void)co_await opened.value().read_at(std::move(buf), 0);
}

/// Runs f() in a runtime until so many operations were submitted, and shuts down. Gives what was
/// said on stderr.
template <class F>
std::string said_at_shutdown(unsigned operations, F f) {
  runtime rt = runtime::make().value();
  rt.block_on([&]() -> task<> {
    co_await f();
    while (rt.stats().operations < operations) co_await yield();
    co_await yield();
  }());
  testing::internal::CaptureStderr();
  EXPECT_EQ(error_of(rt.shutdown(deadline)), errc::timed_out);
  return testing::internal::GetCapturedStderr();
}

/// What memory that must have been given back held before.
constexpr std::byte left_there{0xA7};

/// Whether the page at an address still is the one that was filled with left_there. That there is
/// one tells nothing: when it was given back, any mapping of the process may have taken its place.
bool is_still_there(const std::byte* page) {
  std::array<std::byte, 64> now{};
  const iovec here{now.data(), now.size()};
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): it is read only
  const iovec there{const_cast<std::byte*>(page), now.size()};
  return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == static_cast<ssize_t>(now.size()) &&
         std::ranges::all_of(now, [](std::byte b) { return b == left_there; });
}

/// The access of the mapping at an address, as in "rw-p"; empty when there is none.
std::string access_at(const void* address) {
  std::ifstream maps("/proc/self/maps");
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  for (std::string line; std::getline(maps, line);) {
    std::istringstream in(line);
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    std::string access;
    char dash = 0;
    in >> std::hex >> begin >> dash >> end >> access;
    if (begin <= wanted && wanted < end) return access;
  }
  return {};
}

TEST_F(quarantine, names_the_operation_its_file_its_buffer_its_age_and_its_task) {
  const auto pool = fixed_buf_pool::make({{block, 2}}).value();
  const auto said = said_at_shutdown(2, [&]() -> task<> {
    EXPECT_TRUE(pool.register_buffers());
    auto kept = pool.try_next(block);
    (void)spawn(read_fixed_for_ever, mount.path("hang"), pool.try_next(block).value());
    co_return;
  });
  EXPECT_THAT(said, HasSubstr("  read_fixed on descriptor "));
  EXPECT_THAT(said, HasSubstr(mount.path("hang").string()));
  EXPECT_THAT(said, HasSubstr(", buffer 0 of a pool, 65536 bytes of memory at 0x"));
  EXPECT_THAT(said, testing::ContainsRegex(
                        ", for [0-9]+\\.[0-9] s, started by task 2 in .*quarantine_test\\+0x"));
}

TEST_F(quarantine, keeps_the_pages_of_the_buffer_from_everybody_and_gives_the_others_back) {
  const std::byte* lost = nullptr;
  const std::byte* neighbour = nullptr;
  std::optional<fixed_buf> lease;
  {
    const auto pool = fixed_buf_pool::make({{block, 2}}).value();
    (void)said_at_shutdown(2, [&]() -> task<> {
      EXPECT_TRUE(pool.register_buffers());
      auto hanging = pool.try_next(block).value();
      lost = hanging.spare().data();
      lease = pool.try_next(block);
      std::ranges::fill(lease->spare(), left_there);
      neighbour = lease->spare().data();
      (void)spawn(read_fixed_for_ever, mount.path("hang"), std::move(hanging));
      co_return;
    });
    EXPECT_EQ(pool.registered(), registration::none);
    EXPECT_EQ(access_at(lost), "---p");
    EXPECT_EQ(access_at(lost + block - 1), "---p");
  }
  lease->append(test::bytes_of("still mine"));
  EXPECT_EQ(test::text_of(lease->bytes()), "still mine");
  EXPECT_TRUE(is_still_there(neighbour + 4096));
  lease.reset();  // the last of the pool
  EXPECT_EQ(access_at(lost), "---p");
  EXPECT_EQ(access_at(lost + block - 1), "---p");
  EXPECT_FALSE(is_still_there(neighbour + 4096));
}

TEST_F(quarantine, of_a_pool_whose_handle_is_gone_gives_the_other_pages_back) {
  const std::byte* lost = nullptr;
  const std::byte* neighbour = nullptr;
  (void)said_at_shutdown(2, [&]() -> task<> {
    const auto pool = fixed_buf_pool::make({{block, 2}}).value();
    auto hanging = pool.try_next(block).value();
    lost = hanging.spare().data();
    auto other = pool.try_next(block).value();
    std::ranges::fill(other.spare(), left_there);
    neighbour = other.spare().data();
    EXPECT_TRUE(is_still_there(neighbour));
    (void)spawn(read_for_ever<fixed_buf>, mount.path("hang"), std::move(hanging));
    co_return;
  });
  EXPECT_EQ(access_at(lost), "---p");
  EXPECT_FALSE(is_still_there(neighbour));
}

TEST_F(quarantine, of_a_small_buffer_leaves_its_neighbours_on_the_page_alone) {
  constexpr std::size_t small = 64;
  const std::byte* lost = nullptr;
  {
    const auto pool = fixed_buf_pool::make({{small, 2}}).value();
    (void)said_at_shutdown(2, [&]() -> task<> {
      auto hanging = pool.try_next(small).value();
      lost = hanging.spare().data();
      (void)spawn(read_for_ever<fixed_buf>, mount.path("hang"), std::move(hanging));
      co_return;
    });
    auto lease = pool.try_next(small);
    ASSERT_TRUE(lease);
    lease->append(test::bytes_of("alive"));
    EXPECT_EQ(test::text_of(lease->bytes()), "alive");
    EXPECT_EQ(access_at(lost), "rw-p");
  }
  EXPECT_EQ(access_at(lost), "---p");
}

TEST_F(quarantine, the_pool_counts_the_buffer_and_goes_on_with_a_second_runtime) {
  const auto pool = fixed_buf_pool::make({{block, 2}, {4096, 1}}).value();
  (void)said_at_shutdown(4, [&]() -> task<> {
    EXPECT_TRUE(pool.register_buffers());
    (void)spawn(read_fixed_for_ever, mount.path("hang"), pool.try_next(block).value());
    (void)spawn(read_fixed_for_ever, mount.path("hang"), pool.try_next(4096).value());
    co_return;
  });
  EXPECT_EQ(pool.quarantined(), 2U);
  test::run([&]() -> task<> {
    EXPECT_TRUE(pool.register_buffers());
    EXPECT_NE(pool.registered(), registration::none);
    auto lease = co_await pool.next(block);
    EXPECT_TRUE(lease);
    EXPECT_FALSE(pool.try_next(block));
    const file zeroes = (co_await file::open("/dev/zero")).value();
    auto r = co_await zeroes.read_fixed_at(std::move(*lease), 0);
    EXPECT_EQ(r.res, block);
    // Nobody will ever bring this one.
    const auto none = co_await pool.next(4096);
    EXPECT_EQ(error_of(none), errc::stale_buffer);
    EXPECT_FALSE(pool.try_next(4096));
  });
}

task<std::error_code> wait_for_a_buffer(fixed_buf_pool pool) {
  const auto lease = co_await pool.next(block);
  co_return error_of(lease);
}

TEST_F(quarantine, fails_the_waiters_of_a_class_that_has_no_other_buffer) {
  const auto pool = fixed_buf_pool::make({{block, 1}}).value();
  std::optional<fixed_buf> only = pool.try_next(block);
  runtime second = runtime::make().value();
  std::optional<join_handle<std::error_code>> waiting;
  second.block_on([&]() -> task<> {
    waiting = spawn(wait_for_a_buffer, pool);
    co_await yield();
    co_await yield();
  }());
  (void)said_at_shutdown(2, [&]() -> task<> {
    (void)spawn(read_for_ever<fixed_buf>, mount.path("hang"), *std::exchange(only, {}));
    co_return;
  });
  EXPECT_EQ(second.block_on([](join_handle<std::error_code> h) -> task<std::error_code> {
    co_return co_await std::move(h);
  }(std::move(*waiting))),
            errc::stale_buffer);
}

TEST_F(quarantine, leaks_memory_of_the_program_whole_and_says_so) {
  int ended = 0;
  {
    std::vector<logged_bytes> memory;
    for (int i = 0; i < 3; ++i) memory.emplace_back(block, ended);
    const auto pool = fixed_buf_pool::from(std::move(memory)).value();
    const auto said = said_at_shutdown(2, [&]() -> task<> {
      (void)spawn(read_for_ever<fixed_buf>, mount.path("hang"), pool.try_next(block).value());
      co_return;
    });
    EXPECT_THAT(said, HasSubstr("all 3 buffers will be leaked"));
    test::run([&]() -> task<> {
      auto back = co_await fixed_buf_pool(pool).close<logged_bytes>();
      EXPECT_EQ(error_of(back), errc::stale_buffer);
    });
  }
  EXPECT_EQ(ended, 0);
}

TEST_F(quarantine, keeps_a_plain_buffer_of_the_program_and_says_where_it_is) {
  int ended = 0;
  const auto said = said_at_shutdown(2, [&]() -> task<> {
    (void)spawn(read_for_ever<logged_bytes>, mount.path("hang"), logged_bytes(block, ended));
    co_return;
  });
  EXPECT_EQ(ended, 0);
  EXPECT_THAT(said, HasSubstr("  read on descriptor "));
  EXPECT_THAT(said, Not(HasSubstr("of a pool")));
  EXPECT_THAT(said, HasSubstr(", 65536 bytes of memory at 0x"));
}

TEST_F(quarantine, the_destructor_has_a_deadline_too) {
  const auto pool = fixed_buf_pool::make({{block, 1}}).value();
  testing::internal::CaptureStderr();
  {
    runtime rt = runtime::make({.shutdown_deadline = deadline}).value();
    rt.block_on([&]() -> task<> {
      (void)spawn(read_for_ever<fixed_buf>, mount.path("hang"), pool.try_next(block).value());
      while (rt.stats().operations < 2) co_await yield();
      co_await yield();
    }());
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("the kernel does not let go"));
  EXPECT_EQ(pool.quarantined(), 1U);
}

/// Lets the file system answer, and returns when what was asked of the file before has its answer:
/// from then on every read takes the same time.
void wait_for_late_answers(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  char some = 0;
  EXPECT_EQ(::write(fd, &some, 1), 1);
  EXPECT_EQ(::read(fd, &some, 1), 1);
  ::close(fd);
}

TEST_F(quarantine, a_late_answer_touches_nothing_and_brings_nothing_back) {
  const auto pool = fixed_buf_pool::make({{block, 2}}).value();
  std::optional<fixed_buf> neighbour = pool.try_next(block);
  neighbour->resize(block);
  const std::byte* lost = nullptr;
  (void)said_at_shutdown(2, [&]() -> task<> {
    EXPECT_TRUE(pool.register_buffers());
    auto asked = pool.try_next(block).value();
    lost = asked.spare().data();
    (void)spawn(read_fixed_for_ever, mount.path("late"), std::move(asked));
    co_return;
  });
  EXPECT_EQ(pool.quarantined(), 1U);
  wait_for_late_answers(mount.path("late"));
  EXPECT_EQ(access_at(lost), "---p");
  EXPECT_EQ(pool.quarantined(), 1U);
  EXPECT_FALSE(pool.try_next(block));
  EXPECT_EQ(std::ranges::count(neighbour->bytes(), std::byte{0}),
            static_cast<std::ptrdiff_t>(block));
}

TEST_F(quarantine, a_read_that_was_abandoned_gives_its_buffer_back_with_its_late_answer) {
  const auto pool = fixed_buf_pool::make({{block, 1}}).value();
  test::run([&]() -> task<> {
    EXPECT_TRUE(pool.register_buffers());
    const file from = (co_await file::open(mount.path("late"))).value();
    auto reading = from.read_fixed_at(pool.try_next(block).value(), 0);
    const auto left = co_await abandon_after(std::chrono::milliseconds(1), std::move(reading));
    EXPECT_EQ(error_of(left.res), errc::timed_out);
    EXPECT_FALSE(left.buf);
    EXPECT_FALSE(pool.try_next(block));  // the file system may still write into it
    wait_for_late_answers(mount.path("late"));
    const auto back = co_await pool.next(block);
    EXPECT_TRUE(back);
    EXPECT_EQ(back->size(), 0U);
  });
  EXPECT_EQ(pool.quarantined(), 0U);
}

TEST_F(quarantine, an_operation_that_ends_before_the_deadline_is_no_case_of_it) {
  const auto pool = fixed_buf_pool::make({{block, 1}}).value();
  runtime rt = runtime::make().value();
  rt.block_on([&]() -> task<> {
    (void)spawn(read_for_ever<fixed_buf>, mount.path("slow"), pool.try_next(block).value());
    while (rt.stats().operations < 2) co_await yield();
  }());
  EXPECT_TRUE(rt.shutdown(std::chrono::seconds(60)));
  EXPECT_EQ(pool.quarantined(), 0U);
  EXPECT_TRUE(pool.try_next(block));
}

}  // namespace
}  // namespace carousel
