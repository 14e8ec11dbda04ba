#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <cerrno>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "support/meddling_kernel.hpp"
#include "support/open_fds.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

// io_uring_enter fails, once or for good, and completions come that nothing expects.

namespace carousel {
namespace {

using test::error_of;
using test::make_meddled;
using test::meddling;
using test::pipe_pair;
using test::temp_dir;

task<std::error_code> read_once(file from) {
  const auto r = co_await from.read(std::vector<char>(4));
  co_return error_of(r.res);
}

/// Writes a file and reads it in eight concurrent pieces; what it read, in order.
task<std::string> write_and_read(std::filesystem::path path) {
  const auto opened =
      co_await file::open(path, open_options{}.read(true).write(true).create(true).truncate(true));
  const file& f = opened.value();
  std::vector<char> content;
  for (int i = 0; i < 8000; ++i) content.push_back(static_cast<char>('a' + i % 26));
  const auto written = co_await f.write_all_at(std::move(content), 0);
  EXPECT_TRUE(written.res) << written.res.error().message();
  std::vector<join_handle<std::string>> pieces;
  for (std::uint64_t i = 0; i < 8; ++i) {
    pieces.push_back(spawn(
        [](file from, std::uint64_t at) -> task<std::string> {
          const auto r = co_await from.read_exact_at(std::vector<char>(1000), at);
          EXPECT_TRUE(r.res);
          co_return std::string(r.buf.begin(), r.buf.end());
        },
        f, i * 1000));
  }
  std::string all;
  for (auto& piece : pieces) all += co_await std::move(piece);
  const auto closed = co_await file(f).close();
  EXPECT_TRUE(closed);
  co_return all;
}

TEST(refused_enter, once_at_any_point_changes_no_result) {
  const temp_dir dir;
  const auto path = dir.path() / "f";
  const std::size_t before = test::open_fds();
  std::string expected;
  for (const int answer : {-EAGAIN, -EINTR, -EBUSY, -ENOMEM, 0}) {
    for (unsigned at = 0; at <= 40; ++at) {
      const auto m = std::make_shared<meddling>();
      m->refuse = [answer, at](unsigned n) {
        return n == at ? std::optional(answer) : std::nullopt;
      };
      const std::string got = make_meddled(m).block_on(write_and_read(path));
      if (expected.empty()) expected = got;
      ASSERT_EQ(got, expected) << answer << " at enter " << at;
    }
  }
  EXPECT_EQ(expected.size(), 8000U);
  EXPECT_EQ(test::open_fds(), before);
}

class for_good : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(refused_enter, for_good, testing::Values(EAGAIN, EBUSY, ENOMEM, EPERM));

TEST_P(for_good, fails_what_the_kernel_has_not_taken_and_keeps_the_rest) {
  const pipe_pair pipe;
  const auto m = std::make_shared<meddling>();
  runtime rt = make_meddled(m);
  rt.block_on([&]() -> task<> {
    const file end = pipe.reader();
    auto taken = spawn(read_once, end);
    co_await yield();
    co_await yield();
    m->refuse = [](unsigned) { return std::optional(-GetParam()); };
    const unsigned enters = m->enters;
    std::vector<join_handle<std::error_code>> refused;
    for (int i = 0; i < 300; ++i) refused.push_back(spawn(read_once, end));
    for (auto& one : refused) {
      const std::error_code told = co_await std::move(one);
      EXPECT_EQ(told, std::error_condition(GetParam(), std::generic_category()));
      EXPECT_NE(told.message().find("io_uring_enter: E"), std::string::npos) << told.message();
    }
    EXPECT_LT(m->enters - enters, 100U);  // it pauses in between
    EXPECT_GT(m->pauses, 0U);
    EXPECT_FALSE(taken.done());
    m->refuse = nullptr;
    pipe.put("data");
    EXPECT_EQ(co_await std::move(taken), std::error_code{});
    auto next = spawn(read_once, end);
    pipe.put("more");
    EXPECT_EQ(co_await std::move(next), std::error_code{});
  }());
}

TEST_P(for_good, an_operation_that_was_abandoned_is_released_with_the_others) {
  const pipe_pair pipe;
  const auto pool = fixed_buf_pool::make({{64, 1}}).value();
  const auto m = std::make_shared<meddling>();
  runtime rt = make_meddled(m);
  rt.block_on([&]() -> task<> {
    m->refuse = [](unsigned) { return std::optional(-GetParam()); };
    auto reading = spawn(
        [](file from, fixed_buf into) -> task<> {
          auto r = co_await from.read(std::move(into));
          ADD_FAILURE() << "it was aborted";
        },
        pipe.reader(), pool.try_next(64).value());
    co_await yield();
    co_await yield();
    reading.abort();
    auto lease = co_await pool.next(64);
    EXPECT_TRUE(lease);
    m->refuse = nullptr;
  }());
}

TEST(refused_enter, a_close_that_never_ran_leaves_no_descriptor) {
  const std::size_t before = test::open_fds();
  {
    const pipe_pair pipe;
    const auto m = std::make_shared<meddling>();
    runtime rt = make_meddled(m);
    rt.block_on([&]() -> task<> {
      file end = pipe.reader();
      m->refuse = [](unsigned) { return std::optional(-EAGAIN); };
      const auto closed = co_await std::move(end).close();
      EXPECT_EQ(error_of(closed), std::errc::resource_unavailable_try_again);
      m->refuse = nullptr;
    }());
  }
  EXPECT_EQ(test::open_fds(), before);
}

TEST(refused_enter, a_cancel_that_was_withdrawn_is_sent_before_the_next_wait) {
  const pipe_pair pipe;
  const auto m = std::make_shared<meddling>();
  runtime rt = make_meddled(m);
  // Submitting without waiting is tried in every 33rd wait, and then the cancel is lost before the
  // wait.
  for (int round = 0; round < 70; ++round) {
    rt.block_on([&]() -> task<> {
      std::stop_source source;
      auto reading = spawn(
          [](file from, std::stop_token token) -> task<std::error_code> {
            const auto r = co_await stop_on(token, from.read(std::vector<char>(4)));
            co_return error_of(r.res);
          },
          pipe.reader(), source.get_token());
      for (int i = 0; i < 3; ++i) co_await yield();
      m->refuse = [&m, next = m->enters + 1](unsigned n) -> std::optional<int> {
        if (n == next) return -EPERM;
        if (n != next + 1 || m->submits != 0 || m->waits_for == 0) return std::nullopt;
        ADD_FAILURE() << "a wait without the cancel, which nothing else would end";
        return -EINTR;
      };
      source.request_stop();
      EXPECT_EQ(co_await std::move(reading), errc::canceled);
      m->refuse = nullptr;
    }());
  }
}

TEST(refused_enter, a_stop_from_another_thread_is_heard_after_one_that_withdrew_its_read) {
  const pipe_pair pipe;
  const auto m = std::make_shared<meddling>();
  runtime rt = make_meddled(m);
  rt.block_on([&]() -> task<> {
    auto other = spawn(read_once, pipe.reader());  // so that the loop waits in the kernel
    for (int i = 0; i < 3; ++i) co_await yield();
    std::stop_source source;
    m->refuse = [&source, next = m->enters + 1](unsigned n) {
      if (n == next) return std::optional(-EPERM);
      std::jthread([&] { source.request_stop(); }).join();
      return std::optional<int>();
    };
    const auto r = co_await stop_on(source.get_token(), sleep_for(std::chrono::hours(1)));
    EXPECT_EQ(error_of(r), errc::canceled);
    m->refuse = nullptr;
    other.abort();
  }());
}

TEST(refused_enter, a_timer_still_ends_a_wait) {
  const auto m = std::make_shared<meddling>();
  runtime rt = make_meddled(m);
  m->refuse = [](unsigned) { return std::optional(-EAGAIN); };
  rt.block_on([&]() -> task<> { co_await sleep_for(std::chrono::milliseconds(200)); }());
  EXPECT_LT(m->enters, 50U);
  m->refuse = nullptr;
}

TEST(refused_enter, for_good_at_the_end_quarantines_nothing_that_never_ran) {
  const pipe_pair pipe;
  const auto pool = fixed_buf_pool::make({{64, 1}}).value();
  const auto m = std::make_shared<meddling>();
  {
    runtime rt = make_meddled(m);
    rt.block_on([&]() -> task<> {
      (void)spawn(
          [](file from, fixed_buf into) -> task<> { auto r = co_await from.read(std::move(into)); },
          pipe.reader(), pool.try_next(64).value());
      m->refuse = [](unsigned) { return std::optional(-EAGAIN); };
      co_await yield();
    }());
    EXPECT_TRUE(rt.shutdown(std::chrono::milliseconds(10)));
  }
  EXPECT_EQ(pool.quarantined(), 0U);
  EXPECT_TRUE(pool.try_next(64));
}

struct end_of_a_ring {
  int error;
  const char* said;
};

class refused_enter_death : public testing::TestWithParam<end_of_a_ring> {};

TEST_P(refused_enter_death, an_error_after_which_nothing_can_come_stops_the_process_by_its_name) {
  const pipe_pair pipe;
  EXPECT_DEATH(
      {
        const auto m = std::make_shared<meddling>();
        runtime rt = make_meddled(m);
        m->refuse = [](unsigned) { return std::optional(-GetParam().error); };
        (void)rt.block_on(read_once(pipe.reader()));
      },
      GetParam().said);
}

INSTANTIATE_TEST_SUITE_P(each, refused_enter_death,
                         testing::Values(end_of_a_ring{EBADF, "EBADF .9.: the ring's descriptor"},
                                         end_of_a_ring{EOPNOTSUPP, "EOPNOTSUPP .95.: the ring's"},
                                         end_of_a_ring{EEXIST, "EEXIST .17.: the ring was used on"},
                                         end_of_a_ring{ENXIO, "ENXIO .6.: the kernel is taking"},
                                         end_of_a_ring{EBADFD, "EBADFD .77.: the ring was"},
                                         end_of_a_ring{EFAULT, "EFAULT .14.: the stack"},
                                         end_of_a_ring{EBADR, "EBADR .53.: the kernel lost"}));

TEST(stray_completion, of_a_finished_or_unknown_operation_is_counted_and_not_followed) {
  const pipe_pair pipe;
  const auto m = std::make_shared<meddling>();
  runtime rt = make_meddled(m);
  rt.block_on([&]() -> task<> {
    const file end = pipe.reader();
    pipe.put("once");
    EXPECT_EQ(co_await read_once(end), std::error_code{});
    const sys::cqe again = m->seen.back();
    auto reading = spawn(read_once, end);  // in the slot of the first one
    co_await yield();
    co_await yield();
    m->forged = {
        again,
        {.user_data = 0, .res = 1, .flags = 0},
        {.user_data = ~std::uint64_t{0}, .res = 1, .flags = 0},
        {.user_data = again.user_data ^ (std::uint64_t{0xffffff} << 32U), .res = 1, .flags = 0},
        {.user_data = again.user_data, .res = 1, .flags = sys::cqe_more}};
    pipe.put("more");
    EXPECT_EQ(co_await std::move(reading), std::error_code{});
  }());
  EXPECT_EQ(rt.stats().stray_completions, 5U);
}

}  // namespace
}  // namespace carousel
