#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "support/moves_badly.hpp"
#include "support/verbs.hpp"

// What the branches of a when_any or when_all have brought is there to be asked for when taking one
// of their results throws.

namespace carousel {
namespace {

using namespace test::verbs;
using test::moves_badly;

constexpr int most_moves = 16;  // more than there are on the way of a result

/// A value of a class that has no moves, as they were written before there were any.
struct copies_badly {
  std::string text;
  int left;
  copies_badly(std::string said, int copies) : text(std::move(said)), left(copies) {}
  copies_badly(const copies_badly& other) : text(other.text), left(other.left - 1) {
    if (left < 0) throw std::runtime_error("copied too often");
  }
  copies_badly& operator=(const copies_badly&) = delete;
  ~copies_badly() = default;
};

task<moves_badly> brings_a_bad_mover(int moves) { co_return moves_badly(moves); }
task<copies_badly> brings(std::string text, int copies) {
  co_return copies_badly(std::move(text), copies);
}

/// What a read from this pipe has brought, and what is still in the pipe.
template <class Read>
std::string kept(const std::optional<Read>& read, const pipe_pair& pipe) {
  if (!read || read->buf.capacity() != small) return "lost";
  return text_of(read->buf.bytes()) + pipe.take();
}

TEST(brought, a_read_beside_a_result_whose_move_throws) {
  run([]() -> task<> {
    bool threw = false;
    for (int moves = 0; moves < most_moves; ++moves) {
      const pipe_pair pipe;
      pipe.put("kept");
      auto both = when_all(pipe.reader().read(room()), brings_a_bad_mover(moves));
      try {
        const auto [read, mover] = co_await both;
        EXPECT_EQ(text_of(read.buf.bytes()), "kept");
      } catch (const std::runtime_error&) {
        threw = true;
        EXPECT_EQ(kept(std::get<0>(both.brought()), pipe), "kept") << moves;
      }
    }
    EXPECT_TRUE(threw);
  });
}

TEST(brought, a_read_behind_a_result_whose_move_throws) {
  run([]() -> task<> {
    for (int moves = 0; moves < most_moves; ++moves) {
      const pipe_pair pipe;
      pipe.put("kept");
      auto both = when_all(brings_a_bad_mover(moves), pipe.reader().read(room()));
      try {
        const auto [mover, read] = co_await both;
        EXPECT_EQ(text_of(read.buf.bytes()), "kept");
      } catch (const std::runtime_error&) {
        EXPECT_EQ(kept(std::get<1>(both.brought()), pipe), "kept") << moves;
      }
    }
  });
}

TEST(brought, a_read_that_lost_to_a_result_whose_move_throws) {
  run([]() -> task<> {
    for (int moves = 0; moves < most_moves; ++moves) {
      const pipe_pair pipe;
      pipe.put("kept");
      auto both = when_any(pipe.reader().read(room()), brings_a_bad_mover(moves));
      try {
        const auto [first, results] = co_await both;
        EXPECT_EQ(text_of(std::get<0>(results).buf.bytes()) + pipe.take(), "kept");
      } catch (const std::runtime_error&) {
        EXPECT_EQ(kept(std::get<0>(both.brought()), pipe), "kept") << moves;
      }
    }
  });
}

TEST(brought, a_lease_beside_a_result_whose_move_throws) {
  run([]() -> task<> {
    const auto pool = fixed_buf_pool::make({{small, 1}}).value();
    for (int moves = 0; moves < most_moves; ++moves) {
      auto both = when_any(pool.next(small), brings_a_bad_mover(moves));
      try {
        (void)co_await both;
      } catch (const std::runtime_error&) {
        const auto& lease = std::get<0>(both.brought());
        EXPECT_TRUE(lease && *lease) << moves;
        EXPECT_FALSE(pool.try_next(small));
      }
    }
    EXPECT_TRUE(pool.try_next(small));
  });
}

TEST(brought, results_that_can_only_be_copied) {
  run([]() -> task<> {
    bool both_were_there = false;
    for (int copies = 0; copies < most_moves; ++copies) {
      auto both = when_all(brings("one", most_moves), brings("two", copies));
      try {
        const auto [one, two] = co_await both;
        EXPECT_EQ(one.text + two.text, "onetwo");
      } catch (const std::runtime_error&) {
        auto& [one, two] = both.brought();
        EXPECT_EQ(one ? one->text : "lost", "one") << copies;
        if (two) both_were_there = two->text == "two";
      }
    }
    EXPECT_TRUE(both_were_there);  // where the last copy threw
  });
}

TEST(brought, by_a_verb_that_another_one_awaits_in_a_task) {
  const pipe_pair pipe;
  pipe.put("kept");
  run([&]() -> task<> {
    const auto throws = []() -> task<> {
      co_await yield();
      throw std::runtime_error("inside");
    };
    auto both = when_all(pipe.reader().read(room()), throws());
    const auto waits = [](auto& verb) -> task<> { (void)co_await verb; };
    EXPECT_THROW((void)co_await when_any(waits(both), sleep_for(hours(1))), std::runtime_error);
    EXPECT_EQ(kept(std::get<0>(both.brought()), pipe), "kept");
  });
}

}  // namespace
}  // namespace carousel
