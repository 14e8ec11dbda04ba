#include <gtest/gtest.h>
#include <carousel/detail/driver/timer_queue.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <vector>

// The heap of deadlines, compared with a std::multimap.

namespace carousel::detail {
namespace {

steady_time at(int tick) { return steady_time(std::chrono::nanoseconds(tick)); }

struct logging_node : timer_node {
  explicit logging_node(std::vector<logging_node*>& expired) : log(&expired) {
    expire = [](timer_node& self) noexcept {
      auto& node = static_cast<logging_node&>(self);
      EXPECT_FALSE(node.armed());
      node.log->push_back(&node);
    };
  }
  std::vector<logging_node*>* log;
};

TEST(timer_queue, expires_what_a_multimap_would) {
  std::mt19937 random(1);
  const auto below = [&](int n) { return std::uniform_int_distribution(0, n - 1)(random); };
  std::vector<logging_node*> expired;
  timer_queue queue;
  std::vector<std::unique_ptr<logging_node>> nodes;
  for (int i = 0; i < 200; ++i) nodes.push_back(std::make_unique<logging_node>(expired));
  std::multimap<steady_time, logging_node*> model;
  const auto forget = [&](logging_node* node) {
    return std::erase_if(model, [&](const auto& entry) { return entry.second == node; });
  };

  int now = 0;
  for (int step = 0; step < 50'000; ++step) {
    auto& node = nodes[static_cast<std::size_t>(below(200))];
    switch (below(8)) {
      case 0:
        EXPECT_EQ(node->armed(), forget(node.get()) == 1);
        node->disarm();
        break;
      case 1:
        forget(node.get());
        node = std::make_unique<logging_node>(expired);  // the old one leaves by its destructor
        break;
      case 2: {
        now += below(20);
        expired.clear();
        queue.expire(at(now));
        std::vector<logging_node*> expected;
        const auto end = model.upper_bound(at(now));
        for (auto i = model.begin(); i != end; ++i) expected.push_back(i->second);
        model.erase(model.begin(), end);
        ASSERT_TRUE(
            std::ranges::is_sorted(expired, {}, [](const logging_node* n) { return n->deadline; }));
        ASSERT_TRUE(std::ranges::is_permutation(expired, expected)) << "step " << step;
        break;
      }
      default:
        if (node->armed()) break;
        queue.arm(*node, at(now + below(100)));
        model.emplace(node->deadline, node.get());
    }
    ASSERT_EQ(queue.empty(), model.empty());
    if (!model.empty()) {
      ASSERT_EQ(queue.earliest(), model.begin()->first) << "step " << step;
    }
  }
}

TEST(timer_queue, a_deadline_expires_when_it_is_reached) {
  std::vector<logging_node*> expired;
  timer_queue queue;
  logging_node node(expired);
  queue.arm(node, at(10));
  queue.expire(at(9));
  EXPECT_TRUE(expired.empty());
  EXPECT_TRUE(node.armed());
  queue.expire(at(10));
  EXPECT_EQ(expired.size(), 1U);
  EXPECT_TRUE(queue.empty());
}

TEST(timer_queue, a_node_may_be_armed_again_when_it_expires) {
  struct rearming : timer_node {
    timer_queue* queue = nullptr;
    int count = 0;
  } node;
  timer_queue queue;
  node.queue = &queue;
  node.expire = [](timer_node& self) noexcept {
    auto& me = static_cast<rearming&>(self);
    if (++me.count < 5) me.queue->arm(me, me.deadline + std::chrono::nanoseconds(1));
  };
  queue.arm(node, at(1));
  queue.expire(at(3));
  EXPECT_EQ(node.count, 3);
  queue.expire(at(100));
  EXPECT_EQ(node.count, 5);
  EXPECT_TRUE(queue.empty());
}

TEST(timer_queue, may_end_before_its_nodes) {
  std::vector<logging_node*> expired;
  logging_node first(expired);
  logging_node second(expired);
  {
    timer_queue queue;
    queue.arm(first, at(1));
    queue.arm(second, at(2));
  }
  EXPECT_FALSE(first.armed());
  second.disarm();
  EXPECT_TRUE(expired.empty());
}

}  // namespace
}  // namespace carousel::detail
