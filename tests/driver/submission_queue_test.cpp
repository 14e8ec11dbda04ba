#include <gtest/gtest.h>
#include <carousel/detail/ring/submission_queue.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

// The queue between two enters: what goes in, what can be withdrawn, and what the kernel then
// finds.

namespace carousel::detail {
namespace {

constexpr std::uint32_t size = 8;
constexpr std::uint64_t nothing = 99;

struct shared_memory {
  std::array<request, size> entries{};
  std::uint32_t consumed = 0;
};

/// A queue and the kernel's end of it.
class queue : shared_memory, public submission_queue {
 public:
  explicit queue(std::uint32_t start = 0)
      : shared_memory{.consumed = start},
        submission_queue(entries.data(), size, &consumed, start) {}
  std::uint32_t put(std::uint64_t name) {
    next().user_data = name;
    return push();
  }
  /// What the kernel consumes with the next enter: the first `count` names.
  std::vector<std::uint64_t> consume(std::uint32_t count) {
    std::vector<std::uint64_t> names;
    for (; count > 0; --count) names.push_back(entry(consumed++).user_data);
    make_room();
    return names;
  }
};

TEST(submission_queue, has_room_for_its_entries_and_again_after_an_enter) {
  queue q;
  for (std::uint64_t name = 1; name <= size; ++name) {
    EXPECT_TRUE(q.has_room());
    q.put(name);
  }
  EXPECT_FALSE(q.has_room());
  EXPECT_EQ(q.unsubmitted(), size);
  EXPECT_EQ(q.consume(2), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_TRUE(q.has_room());
  EXPECT_EQ(q.unsubmitted(), size - 2);
}

TEST(submission_queue, gives_an_empty_entry_whatever_was_there_before) {
  queue q;
  for (std::uint64_t name = 1; name <= size; ++name) {
    q.next().address = name;
    q.put(name);
  }
  (void)q.consume(size);
  EXPECT_EQ(q.next().address, 0U);
  EXPECT_EQ(q.next().user_data, 0U);
}

TEST(submission_queue, contains_a_request_until_the_kernel_has_consumed_it) {
  queue q;
  const std::uint32_t first = q.put(1);
  const std::uint32_t second = q.put(2);
  EXPECT_TRUE(q.contains(first, 1));
  EXPECT_FALSE(q.contains(first, 2));
  (void)q.consume(1);
  EXPECT_FALSE(q.contains(first, 1));
  EXPECT_TRUE(q.contains(second, 2));
}

TEST(submission_queue, does_not_take_a_later_request_at_the_same_position_for_an_earlier_one) {
  queue q;
  const std::uint32_t first = q.put(1);
  (void)q.consume(1);
  for (std::uint64_t name = 2; name <= size + 1; ++name) q.put(name);
  EXPECT_FALSE(q.contains(first, 1));
  EXPECT_FALSE(q.contains(first + size, 1));
  EXPECT_TRUE(q.contains(first + size, size + 1));
}

TEST(submission_queue, goes_on_where_the_positions_begin_again) {
  queue q(std::numeric_limits<std::uint32_t>::max() - 2);
  std::vector<std::uint32_t> positions;
  for (std::uint64_t name = 1; name <= size; ++name) positions.push_back(q.put(name));
  EXPECT_FALSE(q.has_room());
  for (std::uint64_t name = 1; name <= size; ++name)
    EXPECT_TRUE(q.contains(positions[name - 1], name));
  EXPECT_EQ(q.withdraw(positions.back(), nothing), 1U);
  EXPECT_EQ(q.consume(size - 1).back(), size - 1);
}

TEST(submission_queue, what_is_withdrawn_from_the_middle_does_nothing) {
  queue q;
  q.put(1);
  q.next().code = opcode::read;
  q.next().user_data = 2;
  const std::uint32_t second = q.push();
  q.put(3);
  EXPECT_EQ(q.withdraw(second, nothing), 0U);
  EXPECT_FALSE(q.contains(second, 2));
  EXPECT_EQ(q.consume(3), (std::vector<std::uint64_t>{1, nothing, 3}));
}

TEST(submission_queue, what_is_withdrawn_from_the_end_is_gone_with_those_before_it) {
  queue q;
  q.put(1);
  const std::uint32_t second = q.put(2);
  const std::uint32_t third = q.put(3);
  EXPECT_EQ(q.withdraw(second, nothing), 0U);
  EXPECT_EQ(q.withdraw(third, nothing), 2U);
  EXPECT_EQ(q.unsubmitted(), 1U);
  q.put(4);
  EXPECT_EQ(q.consume(2), (std::vector<std::uint64_t>{1, 4}));
}

TEST(submission_queue, withdrawing_all_leaves_nothing_in_either_order) {
  for (const bool newest_first : {false, true}) {
    queue q;
    std::vector<std::uint32_t> positions;
    for (std::uint64_t name = 1; name <= size; ++name) positions.push_back(q.put(name));
    unsigned gone = 0;
    for (std::size_t i = 0; i < positions.size(); ++i)
      gone += q.withdraw(positions[newest_first ? positions.size() - 1 - i : i], nothing);
    EXPECT_EQ(gone, size);
    EXPECT_EQ(q.unsubmitted(), 0U);
  }
}

}  // namespace
}  // namespace carousel::detail
