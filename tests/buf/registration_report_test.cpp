#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "fake/kernel.hpp"
#include "loop/runtime_access.hpp"
#include "support/linux_version.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

// What a pool says about a registration that the kernel refuses.

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
  explicit mapped(void* at) : address(at != MAP_FAILED ? at : nullptr) {}
  mapped(mapped&& other) noexcept : address(std::exchange(other.address, nullptr)) {}
  mapped& operator=(mapped&& other) noexcept {
    std::swap(address, other.address);
    return *this;
  }
  ~mapped() {
    if (address != nullptr) munmap(address, pages * page);
  }
  [[nodiscard]] std::byte* second_page() const noexcept {
    return static_cast<std::byte*>(address) + page;
  }
  void* address;
};

mapped anonymous() {
  return mapped(
      mmap(nullptr, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

mapped shared(int fd) {
  if (ftruncate(fd, pages * page) != 0) return mapped(MAP_FAILED);
  mapped made(mmap(nullptr, pages * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  ::close(fd);
  return made;
}

}  // namespace

template <>
struct buf_traits<mapped> {
  static constexpr bool stable_address = true;
  static std::byte* data(const mapped& b) noexcept { return static_cast<std::byte*>(b.address); }
  static std::size_t size(const mapped&) noexcept { return 0; }
  static std::size_t capacity(const mapped&) noexcept { return pages * page; }
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
  EXPECT_EQ(told.refused, std::errc::bad_address);
  EXPECT_EQ(told.buffer_index, 5U);
  EXPECT_EQ(told.outcome, registration::none);
  EXPECT_EQ(told.wanted_bytes, 8 * pages * page);
  EXPECT_THAT(told.message, AllOf(HasSubstr("buffer 5"), HasSubstr(kind)));
}

TEST(registration_report, names_a_buffer_that_nobody_may_access) {
  mapped bad = anonymous();
  ASSERT_EQ(mprotect(bad.second_page(), page, PROT_NONE), 0);
  expect_blames_buffer_five(told_of(std::move(bad)), "PROT_NONE");
}

TEST(registration_report, names_a_buffer_that_is_not_writable) {
  mapped bad = anonymous();
  ASSERT_EQ(mprotect(bad.second_page(), page, PROT_READ), 0);
  expect_blames_buffer_five(told_of(std::move(bad)), "not writable");
}

TEST(registration_report, names_a_buffer_with_a_hole) {
  mapped bad = anonymous();
  ASSERT_EQ(munmap(bad.second_page(), page), 0);
  expect_blames_buffer_five(told_of(std::move(bad)), "not mapped");
}

TEST(registration_report, names_a_buffer_with_a_guard_page) {
  constexpr int guard_install = 102;  // MADV_GUARD_INSTALL, Linux 6.13
  mapped bad = anonymous();
  if (madvise(bad.second_page(), page, guard_install) != 0) GTEST_SKIP() << "no guard pages here";
  expect_blames_buffer_five(told_of(std::move(bad)),
                            test::linux_is_before(6, 15) ? "cannot lock" : "MADV_GUARD_INSTALL");
}

TEST(registration_report, names_a_buffer_of_secret_memory) {
  const auto fd = static_cast<int>(::syscall(SYS_memfd_secret, 0));
  if (fd < 0) GTEST_SKIP() << "no secret memory here";
  expect_blames_buffer_five(told_of(shared(fd)), "memfd_secret");
}

TEST(registration_report, names_a_buffer_that_is_a_shared_mapping_of_a_file_and_that_file) {
  const test::temp_dir dir;
  const auto path = dir.make("mapped", "");
  expect_blames_buffer_five(told_of(shared(::open(path.c_str(), O_RDWR | O_CLOEXEC))),
                            path.c_str());
}

constexpr std::size_t gibibyte = std::size_t{1} << 30U;

TEST(registration_report, a_buffer_above_one_gibibyte_is_tried_and_plain_where_it_is_refused) {
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

TEST(registration_report, a_strict_pool_with_a_buffer_above_one_gibibyte_gets_the_error) {
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

TEST(registration_report,
     counts_a_page_for_each_buffer_that_has_a_part_of_it_and_a_huge_page_once) {
  EXPECT_EQ(fixed_buf_pool::make({{64, 64}}).value().why_plain().wanted_bytes, 64 * page);
  const auto huge = fixed_buf_pool::make({{64, 64}}, {.huge = huge_pages::transparent}).value();
  EXPECT_EQ(huge.why_plain().wanted_bytes, 2 * gibibyte / 1024);
}

TEST(registration_report, a_lease_counts_more_bytes_than_32_bits_hold) {
  constexpr std::size_t bytes = 5 * gibibyte;
  const auto made = fixed_buf_pool::make({{bytes, 1}});
  if (error_of(made) == std::errc::not_enough_memory) GTEST_SKIP() << "no room for it";
  fixed_buf lease = made->try_next(bytes).value();
  EXPECT_EQ(lease.capacity(), bytes);
  lease.commit(bytes - 1);
  EXPECT_EQ(lease.size(), bytes - 1);
  EXPECT_EQ(lease.spare().size(), 1U);
}

TEST(registration_report, has_nothing_to_tell_where_nothing_was_refused) {
  run([]() -> task<> {
    const auto pool = fixed_buf_pool::make({{page, 3}}).value();
    const registration_report before = pool.why_plain();
    EXPECT_FALSE(before.refused);
    EXPECT_EQ(before.outcome, registration::none);
    EXPECT_EQ(before.wanted_bytes, 3 * page);
    EXPECT_THAT(before.message, HasSubstr("register_buffers()"));
    EXPECT_TRUE(pool.register_buffers());
    if (pool.registered() != registration::fixed) co_return;
    EXPECT_FALSE(pool.why_plain().refused);
    EXPECT_EQ(pool.why_plain().outcome, registration::fixed);
  });
}

// On a fake kernel that refuses every registration, with EPERM or ENOMEM as its seed says.

struct refusal {
  result<> registered;
  registration_report told;
};

template <class Collection>
refusal refusal_with(int error, pool_options options, bool exempt = false) {
  for (std::uint64_t seed = 0;; ++seed) {
    runtime rt = detail::runtime_access::make(
                     std::make_unique<fake::kernel>(fake::kernel_options{
                         .seed = seed, .refused_buffers = 1000, .no_memlock = exempt}),
                     {})
                     .value();
    refusal got = rt.block_on([&]() -> task<refusal> {
      const auto collection = Collection::make({{page, 2}}, options).value();
      result<> registered = collection.register_buffers();
      co_return refusal{std::move(registered), collection.why_plain()};
    }());
    if (got.told.refused.value() == error) return got;
  }
}

TEST(registration_report, says_which_call_a_filter_denies) {
  const refusal of_pool = refusal_with<fixed_buf_pool>(EPERM, {});
  EXPECT_TRUE(of_pool.registered);
  EXPECT_EQ(of_pool.told.outcome, registration::plain);
  EXPECT_EQ(of_pool.told.refused, std::errc::operation_not_permitted);
  EXPECT_FALSE(of_pool.told.buffer_index);
  EXPECT_THAT(of_pool.told.message,
              AllOf(HasSubstr("io_uring_register: EPERM (1)"), HasSubstr("seccomp filter")));
  const refusal of_registry = refusal_with<fixed_buf_registry>(EPERM, {.strict = true});
  EXPECT_EQ(error_of(of_registry.registered), std::errc::operation_not_permitted);
  EXPECT_EQ(of_registry.told.outcome, registration::none);
  EXPECT_EQ(of_registry.told.message, of_pool.told.message);
}

TEST(registration_report, blames_rlimit_memlock_only_where_that_binds) {
  const refusal bound = refusal_with<fixed_buf_pool>(ENOMEM, {.strict = true});
  EXPECT_EQ(error_of(bound.registered), errc::memlock_limit);
  EXPECT_THAT(bound.told.message, HasSubstr("RLIMIT_MEMLOCK"));
  EXPECT_EQ(bound.told.wanted_bytes, 2 * page);
  const refusal exempt = refusal_with<fixed_buf_pool>(ENOMEM, {.strict = true}, true);
  EXPECT_EQ(error_of(exempt.registered), std::errc::not_enough_memory);
  EXPECT_NE(error_of(exempt.registered), errc::memlock_limit);
  EXPECT_FALSE(exempt.told.allowed_bytes);
  EXPECT_THAT(exempt.told.message, HasSubstr("io_uring_register: ENOMEM (12)"));
}

}  // namespace
}  // namespace carousel
