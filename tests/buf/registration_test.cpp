#include <gtest/gtest.h>
#include <sys/mman.h>
#include <carousel/carousel.hpp>

#include <optional>
#include <utility>
#include <vector>

#include "support/pipe_pair.hpp"
#include "support/run.hpp"

// register_buffers() and unregister_buffers(): who may, when, and what the errors are called.

namespace carousel {
namespace {

/// A page that nobody may read or write.
struct no_access {
  no_access() : page(mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {}
  no_access(no_access&& other) noexcept : page(std::exchange(other.page, nullptr)) {}
  no_access& operator=(no_access&& other) noexcept {
    std::swap(page, other.page);
    return *this;
  }
  ~no_access() {
    if (page != nullptr) munmap(page, 4096);
  }
  void* page;
};

}  // namespace

template <>
struct buf_traits<no_access> {
  static constexpr bool stable_address = true;
  static std::byte* data(const no_access& b) noexcept { return static_cast<std::byte*>(b.page); }
  static std::size_t size(const no_access&) noexcept { return 0; }
  static std::size_t capacity(const no_access&) noexcept { return 4096; }
  static void set_size(no_access&, std::size_t) noexcept {}
};

namespace {

using test::error_of;
using test::pipe_pair;
using test::run;

fixed_buf_pool pool_of_one() { return fixed_buf_pool::make({{4096, 1}}).value(); }

task<std::error_code> zeroes_into(fixed_buf lease) {
  const file zeroes = (co_await file::open("/dev/zero")).value();
  const auto [res, buf] = co_await zeroes.read_fixed_at(std::move(lease), 0);
  if (res) {
    EXPECT_EQ(buf.size(), 4096U);
  }
  co_return error_of(res);
}

TEST(registration, is_none_before_and_after) {
  run([]() -> task<> {
    const auto pool = pool_of_one();
    EXPECT_EQ(pool.registered(), registration::none);
    EXPECT_TRUE(pool.register_buffers());
    EXPECT_NE(pool.registered(), registration::none);
    EXPECT_TRUE(pool.unregister_buffers());
    EXPECT_EQ(pool.registered(), registration::none);
    co_return;
  });
}

TEST(registration, the_same_collection_twice_is_refused) {
  run([]() -> task<> {
    const auto pool = pool_of_one();
    EXPECT_TRUE(pool.register_buffers());
    EXPECT_EQ(error_of(pool.register_buffers()), errc::already_registered);
    const fixed_buf_pool copy = pool;  // NOLINT(performance-unnecessary-copy-initialization)
    EXPECT_EQ(error_of(copy.register_buffers()), errc::already_registered);
    EXPECT_EQ(co_await zeroes_into(pool.try_next(4096).value()), std::error_code{});
  });
}

TEST(registration, a_second_collection_is_refused_and_the_first_still_works) {
  run([]() -> task<> {
    const auto pool = pool_of_one();
    const auto registry = fixed_buf_registry::make({{4096, 1}}).value();
    EXPECT_TRUE(pool.register_buffers());
    EXPECT_EQ(error_of(registry.register_buffers()), errc::already_registered);
    EXPECT_EQ(registry.registered(), registration::none);
    EXPECT_EQ(co_await zeroes_into(pool.try_next(4096).value()), std::error_code{});
    EXPECT_EQ(co_await zeroes_into(registry.check_out(0).value()), errc::not_registered);
  });
}

TEST(registration, what_is_not_registered_cannot_be_unregistered) {
  run([]() -> task<> {
    const auto pool = pool_of_one();
    EXPECT_EQ(error_of(pool.unregister_buffers()), errc::not_registered);
    EXPECT_TRUE(pool.register_buffers());
    EXPECT_TRUE(pool.unregister_buffers());
    EXPECT_EQ(error_of(pool.unregister_buffers()), errc::not_registered);
    co_return;
  });
}

TEST(registration, another_collection_cannot_unregister_this_one) {
  run([]() -> task<> {
    const auto pool = pool_of_one();
    const auto other = pool_of_one();
    EXPECT_TRUE(pool.register_buffers());
    EXPECT_EQ(error_of(other.unregister_buffers()), errc::not_registered);
    EXPECT_NE(pool.registered(), registration::none);
    EXPECT_EQ(co_await zeroes_into(pool.try_next(4096).value()), std::error_code{});
  });
}

TEST(registration, after_unregistering_the_next_collection_has_its_turn) {
  run([]() -> task<> {
    const auto first = pool_of_one();
    const auto second = pool_of_one();
    EXPECT_TRUE(first.register_buffers());
    EXPECT_TRUE(first.unregister_buffers());
    EXPECT_TRUE(second.register_buffers());
    EXPECT_EQ(co_await zeroes_into(second.try_next(4096).value()), std::error_code{});
    EXPECT_EQ(co_await zeroes_into(first.try_next(4096).value()), errc::not_registered);
  });
}

TEST(registration, destroying_the_pool_does_not_unregister) {
  run([]() -> task<> {
    {
      const auto pool = pool_of_one();
      EXPECT_TRUE(pool.register_buffers());
    }
    EXPECT_EQ(error_of(pool_of_one().register_buffers()), errc::already_registered);
    co_return;
  });
}

TEST(registration, a_lease_is_an_error_between_registrations_and_works_in_each) {
  run([]() -> task<> {
    const auto pool = pool_of_one();
    EXPECT_TRUE(pool.register_buffers());
    auto lease = pool.try_next(4096).value();
    EXPECT_TRUE(pool.unregister_buffers());

    const file zeroes = (co_await file::open("/dev/zero")).value();
    auto refused = co_await zeroes.read_fixed_at(std::move(lease), 0);
    EXPECT_EQ(error_of(refused.res), errc::not_registered);
    EXPECT_EQ(refused.buf.size(), 0U);

    EXPECT_TRUE(pool.register_buffers());
    EXPECT_EQ(co_await zeroes_into(std::move(refused.buf)), std::error_code{});
  });
}

TEST(registration, another_runtime_waits_until_the_first_has_ended) {
  const auto pool = pool_of_one();
  std::optional first = runtime::make().value();
  runtime second = runtime::make().value();
  const auto try_register = [](const fixed_buf_pool& p) -> task<std::error_code> {
    co_return error_of(p.register_buffers());
  };
  EXPECT_EQ(first->block_on(try_register(pool)), std::error_code{});
  EXPECT_EQ(second.block_on(try_register(pool)), errc::already_registered);
  EXPECT_EQ(second.block_on([](const fixed_buf_pool& p) -> task<std::error_code> {
    co_return error_of(p.unregister_buffers());
  }(pool)),
            errc::not_registered);
  EXPECT_EQ(second.block_on([](const fixed_buf_pool& p) -> task<std::error_code> {
    co_return co_await zeroes_into(p.try_next(4096).value());
  }(pool)),
            errc::wrong_runtime);
  first.reset();
  EXPECT_EQ(second.block_on(try_register(pool)), std::error_code{});
  EXPECT_EQ(second.block_on([](const fixed_buf_pool& p) -> task<std::error_code> {
    co_return co_await zeroes_into(p.try_next(4096).value());
  }(pool)),
            std::error_code{});
}

TEST(registration, while_an_operation_uses_the_old_collection_the_next_one_is_told_busy) {
  run([]() -> task<> {
    const pipe_pair pipe;
    const auto first = pool_of_one();
    const auto second = pool_of_one();
    EXPECT_TRUE(first.register_buffers());
    if (first.registered() != registration::fixed) co_return;  // the kernel holds nothing
    auto reading = spawn(
        [](file from, fixed_buf into) -> task<std::size_t> {
          const auto [res, buf] = co_await from.read_fixed(std::move(into));
          co_return buf.size();
        },
        pipe.reader(), first.try_next(4096).value());
    co_await yield();
    co_await yield();
    EXPECT_TRUE(first.unregister_buffers());
    EXPECT_EQ(first.registered(), registration::none);
    EXPECT_EQ(error_of(second.register_buffers()), errc::busy);
    EXPECT_EQ(error_of(first.register_buffers()), errc::busy);
    pipe.put("late");
    EXPECT_EQ(co_await std::move(reading), 4U);
    co_await yield();
    EXPECT_TRUE(second.register_buffers());
  });
}

TEST(registration, memory_that_cannot_be_pinned_is_a_bad_buffer) {
  run([]() -> task<> {
    std::vector<no_access> buffers(1);
    const auto pool = fixed_buf_pool::from(std::move(buffers)).value();
    EXPECT_EQ(error_of(pool.register_buffers()), errc::bad_buffer);
    EXPECT_EQ(pool.registered(), registration::none);
    const auto next = pool_of_one();
    EXPECT_TRUE(next.register_buffers());
    co_return;
  });
}

TEST(registration, a_hundred_runtimes_in_turn_register_the_same_pool) {
  const auto pool = fixed_buf_pool::make({{1U << 16U, 16}}, {.strict = true}).value();
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(run([&]() -> task<std::error_code> { co_return error_of(pool.register_buffers()); }),
              std::error_code{})
        << "round " << i;
  }
}

}  // namespace
}  // namespace carousel
