#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "fake/kernel.hpp"
#include "loop/runtime_access.hpp"
#include "support/linux_version.hpp"
#include "support/meddling_kernel.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

// What a pool says about the buffer that the kernel does not take.

namespace carousel {
namespace {

using test::error_of;
using test::run;
using testing::AllOf;
using testing::HasSubstr;

constexpr std::size_t page = 4096;
constexpr std::size_t pages = 4;

/// Memory that a test maps as it likes; it is unmapped with the object.
struct mapped {
  explicit mapped(void* at, std::size_t size = pages * page)
      : address(at != MAP_FAILED ? at : nullptr), bytes(size) {}
  mapped(mapped&& other) noexcept
      : address(std::exchange(other.address, nullptr)), bytes(other.bytes) {}
  mapped& operator=(mapped&& other) noexcept {
    std::swap(address, other.address);
    std::swap(bytes, other.bytes);
    return *this;
  }
  ~mapped() {
    if (address != nullptr) munmap(address, bytes);
  }
  [[nodiscard]] std::byte* second_page() const noexcept {
    return static_cast<std::byte*>(address) + page;
  }
  void* address;
  std::size_t bytes;
};

mapped anonymous(std::size_t bytes = pages * page, int more_flags = 0) {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | more_flags;
  return mapped(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, -1, 0), bytes);
}

/// Where the kernel puts nothing that does not ask for it: a hole there stays one.
mapped apart() {
#ifdef MAP_32BIT
  return anonymous(pages * page, MAP_32BIT);
#else
  return anonymous();
#endif
}

mapped shared(int fd, std::size_t bytes = pages * page) {
  if (ftruncate(fd, static_cast<off_t>(bytes)) != 0) return mapped(MAP_FAILED);
  mapped made(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), bytes);
  ::close(fd);
  return made;
}

/// Of a file in a file system that is in memory only, without a name any more.
mapped shared_in_memory(std::size_t bytes = pages * page) {
  const int fd = ::open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  return fd >= 0 ? shared(fd, bytes) : mapped(MAP_FAILED);
}

}  // namespace

template <>
struct buf_traits<mapped> {
  static constexpr bool stable_address = true;
  static std::byte* data(const mapped& b) noexcept { return static_cast<std::byte*>(b.address); }
  static std::size_t size(const mapped&) noexcept { return 0; }
  static std::size_t capacity(const mapped& b) noexcept { return b.bytes; }
  static void set_size(mapped&, std::size_t) noexcept {}
};

namespace {

/// What a pool tells when the buffer with index 5 of its eight is this one.
registration_report told_of(mapped bad) {
  constexpr int before = 5;
  std::vector<mapped> buffers;
  for (int i = 0; i < before; ++i) buffers.push_back(anonymous());
  buffers.push_back(std::move(bad));
  for (int i = 0; i < 2; ++i) buffers.push_back(anonymous());
  const auto pool = fixed_buf_pool::from(std::move(buffers)).value();
  return run([&]() -> task<registration_report> {
    EXPECT_EQ(error_of(pool.register_buffers()), errc::bad_buffer);
    EXPECT_EQ(pool.registered(), registration::none);
    const auto next = fixed_buf_pool::make({{page, 1}}).value();
    EXPECT_TRUE(next.register_buffers());  // nothing is left in the table
    co_return pool.why_plain();
  });
}

void expect_blames_buffer_five(const registration_report& told, const char* kind) {
  EXPECT_TRUE(told.refused == std::errc::bad_address ||
              told.refused == std::errc::operation_not_supported);  // before Linux 6.5, of files
  EXPECT_EQ(told.buffer_index, 5U);
  EXPECT_EQ(told.outcome, registration::none);
  EXPECT_EQ(told.wanted_bytes, 8 * pages * page);
  EXPECT_THAT(told.message, AllOf(HasSubstr("buffer 5"), HasSubstr(kind)));
}

TEST(refused_buffer, names_a_buffer_that_nobody_may_access) {
  mapped bad = anonymous();
  ASSERT_EQ(mprotect(bad.second_page(), page, PROT_NONE), 0);
  expect_blames_buffer_five(told_of(std::move(bad)), "PROT_NONE");
}

TEST(refused_buffer, names_a_buffer_that_is_not_writable) {
  mapped bad = anonymous();
  ASSERT_EQ(mprotect(bad.second_page(), page, PROT_READ), 0);
  expect_blames_buffer_five(told_of(std::move(bad)), "not writable");
}

TEST(refused_buffer, names_a_buffer_with_a_hole) {
  mapped bad = apart();
  ASSERT_EQ(munmap(bad.second_page(), page), 0);
  expect_blames_buffer_five(told_of(std::move(bad)), "not mapped");
}

TEST(refused_buffer, names_a_buffer_with_a_guard_page) {
  constexpr int guard_install = 102;  // MADV_GUARD_INSTALL, Linux 6.13
  mapped bad = anonymous();
  if (madvise(bad.second_page(), page, guard_install) != 0) GTEST_SKIP() << "no guard pages here";
  expect_blames_buffer_five(told_of(std::move(bad)),
                            test::linux_is_before(6, 15) ? "cannot lock" : "MADV_GUARD_INSTALL");
}

TEST(refused_buffer, names_a_buffer_of_secret_memory) {
  const auto fd = static_cast<int>(::syscall(SYS_memfd_secret, 0));
  if (fd < 0) GTEST_SKIP() << "no secret memory here";
  expect_blames_buffer_five(told_of(shared(fd)), "memfd_secret");
}

TEST(refused_buffer, names_a_buffer_that_is_a_shared_mapping_of_a_file_and_that_file) {
  const test::temp_dir dir;
  const auto path = dir.make("mapped", "");
  expect_blames_buffer_five(told_of(shared(::open(path.c_str(), O_RDWR | O_CLOEXEC))),
                            path.c_str());
}

TEST(refused_buffer, is_a_mapping_of_a_file_before_linux_6_5_as_well_which_has_another_word) {
  const test::temp_dir dir;
  const auto path = dir.make("mapped", "");
  std::vector<mapped> buffers;
  buffers.push_back(anonymous());
  buffers.push_back(shared(::open(path.c_str(), O_RDWR | O_CLOEXEC)));
  const auto pool = fixed_buf_pool::from(std::move(buffers)).value();
  const auto m = std::make_shared<test::meddling>();
  m->registers = {{-EFAULT, -EOPNOTSUPP}};
  runtime rt = test::make_meddled(m);
  rt.block_on([](const fixed_buf_pool& p) -> task<> {
    EXPECT_EQ(error_of(p.register_buffers()), errc::bad_buffer);
    EXPECT_EQ(p.why_plain().buffer_index, 1U);
    EXPECT_THAT(p.why_plain().message, HasSubstr("a shared mapping of the file"));
    co_return;
  }(pool));
}

TEST(refused_buffer, a_shared_mapping_in_memory_is_registered) {
  std::vector<mapped> buffers;
  buffers.push_back(shared_in_memory());
  if (buffers.back().address == nullptr) GTEST_SKIP() << "no /dev/shm here";
  run([&]() -> task<> {
    const auto pool = fixed_buf_pool::from(std::move(buffers)).value();
    EXPECT_TRUE(pool.register_buffers());
    EXPECT_FALSE(pool.why_plain().buffer_index) << pool.why_plain().message;
    co_return;
  });
}

constexpr std::size_t gibibyte = std::size_t{1} << 30U;

TEST(refused_buffer, a_buffer_above_one_gibibyte_is_tried_and_plain_where_it_is_refused) {
  const auto made = fixed_buf_pool::make({{page, 1}, {gibibyte + 1, 1}});
  if (error_of(made) == std::errc::not_enough_memory) GTEST_SKIP() << "no room for it";
  const fixed_buf_pool& pool = made.value();
  run([&]() -> task<> {
    EXPECT_TRUE(pool.register_buffers());
    const registration_report told = pool.why_plain();
    EXPECT_EQ(told.outcome, pool.registered());
    if (pool.registered() == registration::plain) {
      EXPECT_TRUE(test::linux_is_before(7, 2));
      EXPECT_EQ(told.refused, std::errc::bad_address);
      EXPECT_EQ(told.buffer_index, 1U);
      EXPECT_THAT(told.message, AllOf(HasSubstr("buffer 1"), HasSubstr("1073741825 bytes"),
                                      HasSubstr("Linux 7.2")));
    }
    const file zeroes = (co_await file::open("/dev/zero")).value();
    const auto read = co_await zeroes.read_fixed_at(pool.try_next(page).value(), 0);
    EXPECT_EQ(read.res, page);
  });
}

TEST(refused_buffer, a_strict_pool_with_a_buffer_above_one_gibibyte_gets_the_error) {
  if (!test::linux_is_before(7, 2)) GTEST_SKIP() << "Linux 7.2 takes it";
  const auto made = fixed_buf_pool::make({{gibibyte + 1, 1}}, {.strict = true});
  if (error_of(made) == std::errc::not_enough_memory) GTEST_SKIP() << "no room for it";
  const fixed_buf_pool& pool = made.value();
  run([&]() -> task<> {
    EXPECT_EQ(error_of(pool.register_buffers()), errc::bad_buffer);
    EXPECT_EQ(pool.registered(), registration::none);
    EXPECT_EQ(pool.why_plain().outcome, registration::none);
    EXPECT_EQ(pool.why_plain().buffer_index, 0U);
    co_return;
  });
}

// On a fake kernel, which takes no more than 1 GiB and knows no kinds of memory but what may be
// written to.

struct outcome {
  result<> registered;
  registration_report told;
};

outcome outcome_of(std::vector<mapped> buffers, pool_options options = {}) {
  runtime rt =
      detail::runtime_access::make(std::make_unique<fake::kernel>(fake::kernel_options{}), {})
          .value();
  return rt.block_on([](auto all, pool_options how) -> task<outcome> {
    const auto pool = fixed_buf_pool::from(std::move(all), how).value();
    result<> registered = pool.register_buffers();
    outcome got{std::move(registered), pool.why_plain()};
    const auto next = fixed_buf_pool::make({{page, 1}}).value();
    EXPECT_TRUE(pool.registered() == registration::plain || next.register_buffers());
    co_return got;
  }(std::move(buffers), options));
}

TEST(refused_buffer, a_shared_mapping_in_memory_that_is_too_large_is_only_that) {
  std::vector<mapped> buffers;
  buffers.push_back(anonymous());
  buffers.push_back(shared_in_memory(gibibyte + page));
  if (buffers.back().address == nullptr) GTEST_SKIP() << "no /dev/shm here";
  const outcome got = outcome_of(std::move(buffers));
  EXPECT_TRUE(got.registered);
  EXPECT_EQ(got.told.outcome, registration::plain);
  EXPECT_EQ(got.told.buffer_index, 1U);
  EXPECT_THAT(got.told.message, HasSubstr("1 GiB"));
}

TEST(refused_buffer, names_what_no_kernel_takes_behind_buffers_that_are_too_large) {
  for (const bool large : {false, true}) {
    std::vector<mapped> buffers;
    for (int i = 0; i < 3; ++i) buffers.push_back(anonymous(gibibyte + page));
    buffers.push_back(anonymous());
    buffers.push_back(anonymous(large ? 2 * gibibyte : pages * page));
    ASSERT_EQ(mprotect(buffers.back().second_page(), page, PROT_READ), 0);
    buffers.push_back(anonymous(gibibyte + page));
    const outcome got = outcome_of(std::move(buffers));
    EXPECT_EQ(error_of(got.registered), errc::bad_buffer);
    EXPECT_EQ(got.told.outcome, registration::none);
    EXPECT_EQ(got.told.buffer_index, 4U);
    EXPECT_THAT(got.told.message, AllOf(HasSubstr("buffer 4"), HasSubstr("not writable")));
  }
}

TEST(refused_buffer, names_the_first_of_those_that_no_kernel_takes) {
  std::vector<mapped> buffers;
  buffers.push_back(anonymous(gibibyte + page));
  for (const std::size_t bytes : {pages * page, 2 * gibibyte}) {
    buffers.push_back(anonymous(bytes));
    ASSERT_EQ(mprotect(buffers.back().second_page(), page, PROT_READ), 0);
  }
  EXPECT_EQ(outcome_of(std::move(buffers)).told.buffer_index, 1U);
}

TEST(refused_buffer, names_the_first_of_buffers_that_are_all_too_large) {
  std::vector<mapped> buffers;
  buffers.push_back(anonymous());
  for (int i = 0; i < 2; ++i) buffers.push_back(anonymous(gibibyte + page));
  const outcome got = outcome_of(std::move(buffers), {.strict = true});
  EXPECT_EQ(error_of(got.registered), errc::bad_buffer);
  EXPECT_EQ(got.told.buffer_index, 1U);
}

}  // namespace
}  // namespace carousel
