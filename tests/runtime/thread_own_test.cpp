#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <memory>
#include <system_error>
#include <thread>

#include "support/in_child.hpp"
#include "support/open_fds.hpp"
#include "support/run.hpp"

// What a thread keeps for itself, from its first need to its end.

namespace carousel {
namespace {

using test::child_end;
using test::error_of;
using test::in_child;
using test::open_fds;

/// One for each test: they share threads.
template <int>
struct owned_runtime {
  runtime loop;
};

template <int N>
result<owned_runtime<N>*> own() {
  return thread_own<owned_runtime<N>>([]() -> result<std::unique_ptr<owned_runtime<N>>> {
    auto made = runtime::make();
    if (!made) return std::unexpected(made.error());
    return std::make_unique<owned_runtime<N>>(std::move(*made));
  });
}

task<int> one() { co_return 1; }

TEST(thread_own, is_made_once_in_each_thread) {
  const auto mine = own<1>();
  EXPECT_EQ(own<1>().value(), mine.value());
  EXPECT_EQ((*mine)->loop.block_on(one()), 1);
  std::thread([&] { EXPECT_NE(own<1>().value(), mine.value()); }).join();
}

TEST(thread_own, ends_with_its_thread) {
  const std::size_t before = open_fds();
  for (int i = 0; i < 10; ++i)
    std::thread([] { EXPECT_EQ(own<2>().value()->loop.block_on(one()), 1); }).join();
  EXPECT_EQ(open_fds(), before);
}

struct asks_at_the_end {
  std::error_code* said = nullptr;
  ~asks_at_the_end() {
    if (said != nullptr) *said = error_of(own<3>());
  }
};

TEST(thread_own, is_no_more_for_what_the_thread_destroys_after_it) {
  std::error_code said;
  std::thread([&] {
    thread_local asks_at_the_end last;  // made before, so destroyed after
    last.said = &said;
    EXPECT_TRUE(own<3>());
  }).join();
  EXPECT_EQ(said, errc::shut_down);
}

TEST(thread_own, is_another_one_in_a_child_of_fork) {
  EXPECT_EQ(own<4>().value()->loop.block_on(one()), 1);
  const child_end end = in_child([] { return own<4>().value()->loop.block_on(one()) - 1; });
  EXPECT_EQ(end.code, 0) << end.said;
  EXPECT_EQ(own<4>().value()->loop.block_on(one()), 1) << "and the parent notices nothing";
}

TEST(thread_own, that_could_not_be_made_is_tried_again) {
  int tries = 0;
  const auto make = [&]() -> result<std::unique_ptr<int>> {
    if (++tries == 1) return std::unexpected(make_error_code(errc::memlock_limit));
    return std::make_unique<int>(7);
  };
  EXPECT_EQ(error_of(thread_own<int>(make)), errc::memlock_limit);
  EXPECT_EQ(*thread_own<int>(make).value(), 7);
  EXPECT_EQ(*thread_own<int>(make).value(), 7);
  EXPECT_EQ(tries, 2);
}

}  // namespace
}  // namespace carousel
