#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>
#include <carousel/carousel.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <stop_token>
#include <vector>

#include "support/meddling_kernel.hpp"
#include "support/run.hpp"

// advise_memory() tells the kernel what madvise(2) does.

namespace carousel {
namespace {

using test::error_of;
using test::run;

/// Pages of their own, which nobody has touched.
class pages {
 public:
  explicit pages(std::size_t count)
      : bytes_(count * page()),
        first_(mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    EXPECT_NE(first_, MAP_FAILED);
  }
  /// Of a file, which may be shorter.
  pages(std::size_t count, int file)
      : bytes_(count * page()),
        first_(mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)) {
    EXPECT_NE(first_, MAP_FAILED);
  }
  pages(const pages&) = delete;
  pages& operator=(const pages&) = delete;
  ~pages() { munmap(first_, bytes_); }

  [[nodiscard]] static std::size_t page() {
    return static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  }
  [[nodiscard]] std::span<std::byte> bytes() const noexcept {
    return {static_cast<std::byte*>(first_), bytes_};
  }
  [[nodiscard]] std::size_t resident() const {
    std::vector<unsigned char> each(bytes_ / page());
    EXPECT_EQ(mincore(first_, bytes_, each.data()), 0);
    return static_cast<std::size_t>(
        std::ranges::count_if(each, [](unsigned char c) { return (c & 1U) != 0; }));
  }
  [[nodiscard]] bool is_resident(std::size_t which) const {
    unsigned char one = 0;
    EXPECT_EQ(mincore(bytes().data() + which * page(), page(), &one), 0);
    return (one & 1U) != 0;
  }
  void unmap_one(std::size_t which) const {
    EXPECT_EQ(munmap(bytes().data() + which * page(), page()), 0);
  }

 private:
  std::size_t bytes_;
  void* first_;
};

TEST(memory_advice, populating_maps_what_was_asked_for_and_no_more) {
  const pages memory(16);
  run([&]() -> task<> {
    const result<> no_huge = co_await advise_memory(memory.bytes(), memory_advice::no_huge_pages);
    EXPECT_TRUE(no_huge || no_huge.error() == std::errc::invalid_argument);
    EXPECT_EQ(memory.resident(), 0U);
    const result<> done = co_await advise_memory(memory.bytes().first(4 * pages::page()),
                                                 memory_advice::populate_write);
    EXPECT_EQ(error_of(done), std::error_code{});
    EXPECT_EQ(memory.resident(), 4U);
  });
}

TEST(memory_advice, leaves_what_the_memory_holds) {
  const pages memory(4);
  std::ranges::fill(memory.bytes(), std::byte{7});
  run([&]() -> task<> {
    for (const memory_advice use :
         {memory_advice::normal, memory_advice::random, memory_advice::sequential,
          memory_advice::will_need, memory_advice::cold, memory_advice::page_out,
          memory_advice::populate_read, memory_advice::populate_write}) {
      const result<> said = co_await advise_memory(memory.bytes(), use);
      EXPECT_EQ(error_of(said), std::error_code{}) << static_cast<int>(use);
    }
  });
  EXPECT_EQ(std::ranges::count(memory.bytes(), std::byte{7}), std::ssize(memory.bytes()));
}

TEST(memory_advice, that_fits_no_pages_is_a_named_error) {
  const pages memory(4);
  run([&]() -> task<> {
    const result<> inside =
        co_await advise_memory(memory.bytes().subspan(1, 8), memory_advice::will_need);
    EXPECT_EQ(error_of(inside), std::errc::invalid_argument);
    memory.unmap_one(2);  // not before, or what a runtime maps may come to be there
    const result<> hole = co_await advise_memory(memory.bytes(), memory_advice::populate_write);
    EXPECT_EQ(error_of(hole), std::errc::not_enough_memory);
    EXPECT_TRUE(memory.is_resident(1));
    EXPECT_FALSE(memory.is_resident(3)) << "populating ends at the hole";
    const result<> nothing = co_await advise_memory({}, memory_advice::will_need);
    EXPECT_EQ(error_of(nothing), std::error_code{});
    const result<> none_inside =
        co_await advise_memory(memory.bytes().subspan(1, 0), memory_advice::will_need);
    EXPECT_EQ(error_of(none_inside), std::errc::invalid_argument);
  });
}

TEST(memory_advice, pages_that_cannot_be_populated_are_a_named_error) {
  const pages memory(2);
  EXPECT_EQ(mprotect(memory.bytes().data(), pages::page(), PROT_READ), 0);
  EXPECT_EQ(mprotect(memory.bytes().data() + pages::page(), pages::page(), PROT_NONE), 0);
  const int file = memfd_create("short", MFD_CLOEXEC);
  EXPECT_EQ(ftruncate(file, static_cast<off_t>(pages::page())), 0);
  const pages beyond(2, file);
  close(file);
  run([&]() -> task<> {
    const result<> written =
        co_await advise_memory(memory.bytes().first(pages::page()), memory_advice::populate_write);
    EXPECT_EQ(error_of(written), std::errc::invalid_argument);
    const result<> read =
        co_await advise_memory(memory.bytes().subspan(pages::page()), memory_advice::populate_read);
    EXPECT_EQ(error_of(read), std::errc::invalid_argument);
    const result<> gone = co_await advise_memory(beyond.bytes(), memory_advice::populate_read);
    EXPECT_EQ(error_of(gone), std::errc::bad_address);
  });
}

TEST(memory_advice, is_refused_by_name_where_the_kernel_has_none) {
  const auto old = std::make_shared<test::meddling>();
  old->unknown = {detail::opcode::madvise};
  test::make_meddled(old).block_on([]() -> task<> {
    const result<> said = co_await advise_memory({}, memory_advice::normal);
    EXPECT_EQ(error_of(said), errc::not_supported);
  }());
}

TEST(memory_advice, may_be_destroyed_and_stopped) {
  const pages memory(4);
  run([&]() -> task<> {
    auto advising = spawn([](const pages& of) -> task<> {
      (void)co_await advise_memory(of.bytes(), memory_advice::populate_write);
    }(memory));
    co_await yield();
    advising.abort();
    std::stop_source source;
    source.request_stop();
    const result<> stopped = co_await stop_on(
        source.get_token(), advise_memory(memory.bytes(), memory_advice::populate_write));
    EXPECT_EQ(error_of(stopped), errc::canceled);
    EXPECT_EQ(memory.resident(), 0U);
  });
}

}  // namespace
}  // namespace carousel
