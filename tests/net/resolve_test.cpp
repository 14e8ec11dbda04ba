#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <sched.h>
#include <sys/socket.h>
#include <carousel/carousel.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "support/open_fds.hpp"
#include "support/run.hpp"

namespace carousel {
namespace {

using test::run;
using testing::Contains;
using testing::ElementsAre;

using addresses = result<std::vector<socket_address>>;

std::vector<std::string> found(std::string host, std::string service) {
  const addresses all = run([&] { return resolve(host, service); });
  if (!all) return {all.error().message()};
  std::vector<std::string> texts;
  for (const socket_address& one : *all) texts.push_back(one.to_string());
  return texts;
}

TEST(resolve, finds_the_addresses_of_a_name) {
  EXPECT_THAT(found("localhost", "80"), Contains("127.0.0.1:80"));
}

TEST(resolve, takes_numbers_too) {
  EXPECT_THAT(found("127.0.0.1", "8080"), ElementsAre("127.0.0.1:8080"));
  EXPECT_THAT(found("::1", "8080"), ElementsAre("[::1]:8080"));
  EXPECT_THAT(found("127.0.0.1", ""), ElementsAre("127.0.0.1:0"));
}

TEST(resolve, of_no_host_is_where_listeners_bind) {
  EXPECT_THAT(found("", "8080"), Contains("0.0.0.0:8080"));
  EXPECT_THAT(found("", ""), Contains("0.0.0.0:0"));
}

TEST(resolve, says_in_the_resolvers_words_what_is_wrong) {
  const addresses none = run([] { return resolve("127.0.0.1", "no such service"); });
  EXPECT_EQ(none.error().message(), ::gai_strerror(EAI_SERVICE));
  EXPECT_STREQ(none.error().category().name(), "getaddrinfo");
}

TEST(resolve, may_be_abandoned_and_stopped_at_any_time) {
  const std::size_t before = test::open_fds();
  run([]() -> task<> {
    for (int i = 0; i < 20; ++i) {
      auto one = spawn(resolve, std::string("127.0.0.1"), std::string("80"));
      for (int turns = 0; turns < i % 4; ++turns) co_await yield();
      one.abort();
      const auto late = co_await timeout(std::chrono::nanoseconds(0), resolve("127.0.0.1", "80"));
      EXPECT_TRUE(late || late.error() == errc::timed_out) << late.error();
    }
    // The threads that nobody waits for end by themselves.
  });
  for (int i = 0; i < 1'000'000 && test::open_fds() > before; ++i) ::sched_yield();
  EXPECT_LE(test::open_fds(), before);
}

TEST(resolve, of_many_at_once_are_all_answered) {
  run([]() -> task<> {
    std::vector<join_handle<addresses>> all;
    for (int i = 0; i < 30; ++i)
      all.push_back(spawn(resolve, std::string("127.0.0.1"), std::to_string(1000 + i)));
    for (int i = 0; i < 30; ++i) {
      const addresses one = co_await std::move(all[static_cast<std::size_t>(i)]);
      EXPECT_EQ(one.value().front().port(), 1000 + i);
    }
  });
}

}  // namespace
}  // namespace carousel
