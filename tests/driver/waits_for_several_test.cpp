#include <fcntl.h>
#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fake/kernel.hpp"
#include "loop/runtime_access.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

// Of many transfers of O_DIRECT several are waited for at a time, and nobody waits long for that.

namespace carousel {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t block = 4096;
constexpr milliseconds delay{1};
constexpr fake::kernel_options slow{.async = 1000, .delay_max = delay};

/// A runtime on a fake kernel that has been asked for so many completions at once, at most.
struct machine {
  explicit machine(const fake::kernel_options& options) {
    auto made = std::make_unique<fake::kernel>(options);
    kernel = made.get();
    kernel->set_observer([this](unsigned wanted) { asked_for = std::max(asked_for, wanted); });
    rt.emplace(detail::runtime_access::make(std::move(made), {}).value());
  }
  fake::kernel* kernel = nullptr;
  std::optional<runtime> rt;
  unsigned asked_for = 0;
};

task<> read_again_and_again(file from, std::size_t first) {
  auto bytes = owned_bytes::with_capacity(block);
  for (std::size_t i = 0; i < 8; ++i) {
    bytes.clear();
    auto r = co_await from.read_at(std::move(bytes), (first + i) % 4 * block);
    EXPECT_EQ(test::error_of(r.res), std::error_code{});
    EXPECT_EQ(r.buf.size(), block);
    bytes = std::move(r.buf);
  }
}

class waits_for_several : public testing::Test {
 protected:
  void SetUp() override {
    path_ = dir_.make("file", std::string(4 * block, 'x'));
    const file probe = open(O_DIRECT);
    const file_info about = test::run([&probe]() -> task<file_info> {
      const auto info = co_await probe.info();
      co_return info.value();
    });
    if (about.direct_memory_alignment == 0)
      GTEST_SKIP() << "this file system does not say what O_DIRECT asks for";
  }
  [[nodiscard]] file open(int flags) const {
    return file::from_fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | flags));
  }
  /// The most that a wait has asked for while so many tasks read.
  [[nodiscard]] unsigned asked_for(const fake::kernel_options& options, int flags,
                                   std::size_t tasks) const {
    machine on(options);
    on.rt->block_on([](file from, std::size_t count) -> task<> {
      std::vector<join_handle<void>> all;
      for (std::size_t i = 0; i < count; ++i) all.push_back(spawn(read_again_and_again, from, i));
      for (auto& one : all) co_await std::move(one);
    }(open(flags), tasks));
    return on.asked_for;
  }

  test::temp_dir dir_;
  std::filesystem::path path_;
};

TEST_F(waits_for_several, an_eighth_of_many_direct_transfers_is_waited_for_at_once) {
  EXPECT_EQ(asked_for(slow, O_DIRECT, 32), 4U);
  EXPECT_EQ(asked_for(slow, O_DIRECT, 1000), 16U);
}

TEST_F(waits_for_several, few_of_them_and_others_are_waited_for_one_by_one) {
  EXPECT_EQ(asked_for(slow, O_DIRECT, 15), 1U);
  EXPECT_EQ(asked_for(slow, 0, 32), 1U);
}

TEST_F(waits_for_several, no_kernel_is_asked_for_it_that_would_wait_without_an_end) {
  fake::kernel_options old = slow;
  old.old_waits = true;
  EXPECT_EQ(asked_for(old, O_DIRECT, 32), 1U);
}

TEST_F(waits_for_several, of_files_that_are_closed_nothing_is_counted) {
  machine on(slow);
  for (int i = 0; i < 40; ++i) {
    on.rt->block_on([](file from) -> task<> {
      for (std::size_t n = 0; n < 3; ++n) co_await read_again_and_again(from, n);
    }(open(O_DIRECT)));
  }
  EXPECT_EQ(on.asked_for, 1U);
}

/// Beside transfers that do not end.
class beside_a_stuck_device : public waits_for_several {
 protected:
  static constexpr std::size_t stuck = 64;

  template <class F>
  void run(F body) {
    fake::kernel_options options = slow;
    options.stuck = 1000;
    machine on(options);
    on.rt->block_on([](file from, fake::kernel& kernel, F then) -> task<> {
      std::vector<join_handle<void>> all;
      for (std::size_t i = 0; i < stuck; ++i) all.push_back(spawn(read_again_and_again, from, i));
      for (int i = 0; i < 3; ++i) co_await yield();
      co_await then(kernel);
      kernel.release_stuck();
      for (auto& one : all) co_await std::move(one);
    }(open(O_DIRECT), *on.kernel, std::move(body)));
    EXPECT_GT(on.asked_for, 1U);
  }
};

TEST_F(beside_a_stuck_device, a_completion_waits_some_milliseconds_once) {
  run([](fake::kernel& kernel) -> task<> {
    const test::pipe_pair pipe;
    const file reader = pipe.reader();
    const auto begin = kernel.now();
    constexpr int messages = 60;
    for (int i = 0; i < messages; ++i) {
      pipe.put("x");
      const auto r = co_await reader.read(owned_bytes::with_capacity(8));
      EXPECT_EQ(r.buf.size(), 1U);
    }
    EXPECT_LE(kernel.now() - begin, milliseconds(4) + messages * delay);
  });
}

TEST_F(beside_a_stuck_device, a_deadline_is_met) {
  run([](fake::kernel& kernel) -> task<> {
    const test::pipe_pair pipe;
    const file reader = pipe.reader();
    const auto begin = kernel.now();
    const auto r = co_await timeout(milliseconds(2), reader.read(owned_bytes::with_capacity(8)));
    EXPECT_EQ(test::error_of(r.res), errc::timed_out);
    EXPECT_LT(kernel.now() - begin, milliseconds(2) + 2 * delay);
  });
}

}  // namespace
}  // namespace carousel
