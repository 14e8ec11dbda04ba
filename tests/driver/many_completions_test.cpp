#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

#include "support/accept_call.hpp"
#include "support/open_fds.hpp"
#include "support/run.hpp"

// Operations that complete more than once, and operations that bring descriptors nobody waits for.

namespace carousel {
namespace {

using test::accept_call;
using test::accept_many_call;
using test::accept_one;
using test::accepted;
using test::loopback_listener;
using test::open_fds;

template <class Call>
detail::operation<Call> accept_many(const detail::fd_ref& listener, std::vector<int>& into) {
  Call call;
  call.file = listener;
  call.multishot = true;
  call.held = accepted{&into};
  return detail::operation<Call>(std::move(call));
}

/// A multishot that ends without an error, as when the completion queue is full, is armed again.
template <class Call>
task<> keep_accepting(detail::fd_ref listener, std::vector<int>& into) {
  for (;;) {
    auto r = co_await accept_many<Call>(listener, into);
    if (!r) co_return;
    into.push_back(*r);
  }
}

void close_all(std::vector<int>& fds) {
  for (const int fd : fds) ::close(fd);
  fds.clear();
}

TEST(many_completions, each_goes_to_the_operation_that_waits) {
  const std::size_t before = open_fds();
  test::run(
      []() -> task<> {
        constexpr std::size_t many = 300;  // more than the completion queue takes
        const loopback_listener listener;
        std::vector<int> clients;
        std::vector<int> connections;
        auto accepting =
            spawn(keep_accepting<accept_many_call>, listener.ref(), std::ref(connections));
        while (clients.size() < many) clients.push_back(listener.connect());
        while (connections.size() < many) co_await yield();
        EXPECT_FALSE(accepting.done());
        accepting.abort();
        close_all(clients);
        close_all(connections);
      },
      {.entries = 64});
  EXPECT_EQ(open_fds(), before);
}

TEST(many_completions, what_comes_after_the_awaiter_is_gone_is_closed) {
  const std::size_t before = open_fds();
  test::run([]() -> task<> {
    // More than are cancelled in one turn: the others still accept.
    constexpr std::size_t many = 100;
    std::deque<loopback_listener> listeners(many);
    std::vector<int> clients;
    std::vector<int> connections;
    std::vector<join_handle<void>> accepting;
    for (const loopback_listener& listener : listeners) {
      accepting.push_back(
          spawn(keep_accepting<accept_many_call>, listener.ref(), std::ref(connections)));
    }
    while (connections.size() < many) {
      clients.push_back(listeners[clients.size() % many].connect());
      co_await yield();
    }
    for (auto& one : accepting) one.abort();
    for (int i = 0; i < 3; ++i) {
      for (const loopback_listener& listener : listeners) clients.push_back(listener.connect());
      co_await yield();
    }
    close_all(clients);
    close_all(connections);
  });
  EXPECT_EQ(open_fds(), before);
}

TEST(many_completions, one_that_the_operation_does_not_expect_is_counted_and_closed) {
  const std::size_t before = open_fds();
  runtime rt = runtime::make().value();
  rt.block_on([&]() -> task<> {
    const loopback_listener listener;
    std::vector<int> clients;
    std::vector<int> connections;
    auto accepting = spawn(keep_accepting<accept_call>, listener.ref(), std::ref(connections));
    for (int i = 0; i < 10; ++i) clients.push_back(listener.connect());
    while (rt.stats().stray_completions < 10) co_await yield();
    EXPECT_FALSE(accepting.done());
    close_all(clients);
  }());
  EXPECT_TRUE(rt.shutdown(std::chrono::seconds(10)));
  EXPECT_EQ(open_fds(), before);
}

task<> accept_alone(detail::fd_ref listener) {
  auto r = co_await accept_one(listener);
  if (r) ::close(*r);
}

/// Half of the accepts find a connection while they are cancelled.
task<> cancel_accepts(int count) {
  const loopback_listener listener;
  const detail::fd_ref socket = listener.ref();
  std::vector<int> clients;
  constexpr int batch = 100;
  for (int i = 0; i < count; i += batch) {
    std::vector<join_handle<void>> accepts;
    for (int j = 0; j < batch; ++j) accepts.push_back(spawn(accept_alone, socket));
    co_await yield();
    co_await yield();
    if (i / batch % 4 == 0) {
      for (int j = 0; j < batch / 2; ++j) clients.push_back(listener.connect());
    }
    for (auto& one : accepts) one.abort();
    co_await yield();
    close_all(clients);
  }
}

TEST(many_completions, a_hundred_thousand_cancelled_accepts_leave_no_descriptor) {
  const std::size_t before = open_fds();
  test::run([] { return cancel_accepts(100'000); });
  EXPECT_EQ(open_fds(), before);
}

}  // namespace
}  // namespace carousel
