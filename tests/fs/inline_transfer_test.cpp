#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <fcntl.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "fake/kernel.hpp"
#include "loop/runtime_access.hpp"
#include "support/bytes.hpp"
#include "support/pipe_pair.hpp"
#include "support/run.hpp"
#include "support/submitted.hpp"
#include "support/temp_dir.hpp"

// What is in the page cache is read without the ring where that keeps nobody waiting, and with
// open_options::inline_io whatever is no more than a copy of bytes is done so. The results are
// those of the ring.

namespace carousel {
namespace {

using test::pipe_pair;
using test::submitted;
using test::temp_dir;

constexpr std::size_t page = 4096;

/// A file of three pages and a bit.
class inline_transfer : public testing::Test {
 protected:
  static constexpr std::size_t file_bytes = 3 * page + 100;

  void SetUp() override { std::ofstream(path_) << content_; }

  /// Runs f(file, kernel) on a fake kernel, where `cached` of 1,000 attempts find their bytes.
  template <class F>
  void in_runtime(fake::kernel_options options, open_options how, F f) {
    auto made = std::make_unique<fake::kernel>(options);
    fake::kernel& kernel = *made;
    runtime rt = detail::runtime_access::make(std::move(made), {}).value();
    rt.block_on([](const std::filesystem::path& path, open_options way, fake::kernel& below,
                   F body) -> task<> {
      const result<file> opened = co_await file::open(path, way);
      co_await body(opened.value(), below);
    }(path_, how, kernel, std::move(f)));
  }
  /// The same with a descriptor that others have opened.
  template <class F>
  void in_runtime(fake::kernel_options options, F f) {
    auto made = std::make_unique<fake::kernel>(options);
    fake::kernel& kernel = *made;
    runtime rt = detail::runtime_access::make(std::move(made), {}).value();
    const file adopted = file::from_fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    rt.block_on(f(adopted, kernel));
  }
  [[nodiscard]] std::string on_disk() const {
    std::ifstream in(path_);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  temp_dir dir_;
  std::filesystem::path path_ = dir_.path() / "file";
  std::string content_ = std::string(page, 'a') + std::string(page, 'b') + std::string(page, 'c') +
                         std::string(100, 'd');
};

std::vector<std::byte> bytes(std::string_view text) {
  const auto all = test::bytes_of(text);
  return {all.begin(), all.end()};
}

/// What a read brought, and through how many requests of the ring.
struct outcome {
  std::string text;
  std::uint64_t requests;
};
task<outcome> read(const file& from, std::size_t bytes, std::uint64_t at) {
  const std::uint64_t before = submitted();
  auto r = co_await from.read_at(owned_bytes::with_capacity(bytes), at);
  EXPECT_EQ(r.res.value(), r.buf.size());
  co_return outcome{std::string(test::text_of(r.buf.bytes())), submitted() - before};
}

TEST_F(inline_transfer, a_read_of_what_is_cached_asks_nothing_of_the_ring) {
  in_runtime({.cached = 1000}, [this](const file& f, fake::kernel&) -> task<> {
    for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{page}, std::uint64_t{1}}) {
      const outcome o = co_await read(f, page, at);
      EXPECT_EQ(o.text, content_.substr(at, page));
      EXPECT_EQ(o.requests, 0);
    }
  });
}

TEST_F(inline_transfer, a_lease_is_filled_as_any_buffer) {
  in_runtime({.cached = 1000}, [](const file& f, fake::kernel&) -> task<> {
    const fixed_buf_pool pool = fixed_buf_pool::make({{page, 1}}).value();
    EXPECT_TRUE(pool.register_buffers());
    const std::uint64_t before = submitted();
    auto r = co_await f.read_fixed_at(pool.try_next(page).value(), 2 * page);
    EXPECT_EQ(r.res.value(), page);
    EXPECT_EQ(test::text_of(r.buf.bytes()), std::string(page, 'c'));
    EXPECT_EQ(submitted(), before);
  });
}

TEST_F(inline_transfer, the_end_of_the_file_needs_no_ring_either) {
  in_runtime({.cached = 1000}, [](const file& f, fake::kernel&) -> task<> {
    const outcome last = co_await read(f, 2 * page, 2 * page);
    EXPECT_EQ(last.text.size(), page + 100);
    EXPECT_EQ(last.requests, 0);
    const outcome behind = co_await read(f, page, file_bytes);
    EXPECT_EQ(behind.text, "");
    EXPECT_EQ(behind.requests, 0);
  });
}

TEST_F(inline_transfer, a_read_whose_bytes_are_cached_in_part_is_a_whole_one_of_the_ring) {
  in_runtime({.cached = 1000, .cached_in_part = 1000},
             [this](const file& f, fake::kernel&) -> task<> {
               const outcome o = co_await read(f, 2 * page, 0);
               EXPECT_EQ(o.text, content_.substr(0, 2 * page));
               EXPECT_EQ(o.requests, 1);
             });
}

TEST_F(inline_transfer, what_was_cached_is_the_result_where_the_ring_fails) {
  in_runtime({.interrupted = 1000, .cached = 1000, .cached_in_part = 1000},
             [this](const file& f, fake::kernel&) -> task<> {
               const outcome o = co_await read(f, 2 * page, 0);
               EXPECT_EQ(o.text, content_.substr(0, page));
               EXPECT_EQ(o.requests, 1);
             });
}

TEST_F(inline_transfer, what_is_not_cached_is_tried_ever_more_rarely) {
  in_runtime({.cached = 0}, [](const file& f, fake::kernel& kernel) -> task<> {
    constexpr unsigned reads = 2000;
    for (unsigned i = 0; i < reads; ++i) {
      const outcome o = co_await read(f, page, 0);
      EXPECT_EQ(o.requests, 1);
    }
    EXPECT_GE(kernel.attempts(), 8);
    EXPECT_LE(kernel.attempts(), 16);
  });
}

TEST_F(inline_transfer, operations_in_the_queue_are_not_kept_waiting) {
  in_runtime({.cached = 1000}, [](const file& f, fake::kernel& kernel) -> task<> {
    const pipe_pair pipe;
    pipe.put("1");
    auto r = co_await when_all(pipe.reader().read(owned_bytes::with_capacity(1)),
                               f.read_at(owned_bytes::with_capacity(page), 0));
    EXPECT_EQ(std::get<0>(r).res.value(), 1);
    EXPECT_EQ(std::get<1>(r).res.value(), page);
    EXPECT_EQ(kernel.attempts(), 0);
  });
}

TEST_F(inline_transfer, a_task_that_reads_for_ever_leaves_turns_to_others) {
  in_runtime({.cached = 1000}, [](const file& f, fake::kernel&) -> task<> {
    bool done = false;
    unsigned turns = 0;
    auto other = spawn([](const bool& end, unsigned& count) -> task<> {
      while (!end) {
        ++count;
        co_await yield();
      }
    }(done, turns));
    constexpr unsigned reads = 3000;
    for (unsigned i = 0; i < reads; ++i) (void)co_await read(f, page, 0);
    done = true;
    co_await std::move(other);
    EXPECT_GE(turns, reads / 64);
  });
}

TEST_F(inline_transfer, a_task_that_has_read_and_gives_way_may_die) {
  in_runtime({.cached = 1000}, {}, [this](const file& f, fake::kernel&) -> task<> {
    const fixed_buf_pool pool = fixed_buf_pool::make({{page, 1}}).value();
    // The turn is used up by each of its awaits in turn.
    for (int used = 0; used < 20; ++used) {
      auto dies = spawn([&, used]() -> task<> {
        auto lease = pool.try_next(page);
        detail::this_context().inline_budget = used;
        for (;;) {
          auto r = co_await f.read_at(std::move(lease).value(), 0);
          lease = std::move(r.buf);
        }
      });
      co_await yield();
      dies.abort();
      EXPECT_TRUE(pool.try_next(page)) << used;
    }
    EXPECT_EQ((co_await read(f, page, 0)).text, content_.substr(0, page));
  });
}

TEST_F(inline_transfer, a_large_read_goes_to_the_ring) {
  in_runtime({.cached = 1000}, [](const file& f, fake::kernel& kernel) -> task<> {
    EXPECT_EQ((co_await read(f, 128UL << 10U, 0)).text.size(), file_bytes);
    EXPECT_EQ(kernel.attempts(), 0);
  });
}

TEST_F(inline_transfer, a_direct_file_is_never_tried) {
  in_runtime({.cached = 1000}, open_options{}.custom_flags(O_DIRECT),
             [](const file& f, fake::kernel& kernel) -> task<> {
               auto r = co_await f.read_at(owned_bytes::with_capacity(page, page), 0);
               EXPECT_EQ(kernel.attempts(), 0);
             });
}

TEST_F(inline_transfer, a_write_is_the_loops_own_only_where_that_was_asked_for) {
  in_runtime({.cached = 1000}, open_options{}.write(true),
             [](const file& f, fake::kernel& kernel) -> task<> {
               EXPECT_EQ((co_await f.write_at(bytes("none"), 0)).res.value(), 4);
               EXPECT_EQ(kernel.attempts(), 0);
             });
  in_runtime({.cached = 1000}, open_options{}.write(true).inline_io(true),
             [](const file& f, fake::kernel&) -> task<> {
               const std::uint64_t before = submitted();
               EXPECT_EQ((co_await f.write_at(bytes("inline"), page)).res.value(), 6);
               EXPECT_EQ(submitted(), before);
             });
  EXPECT_EQ(on_disk().substr(0, 4), "none");
  EXPECT_EQ(on_disk().substr(page, 6), "inline");
}

TEST_F(inline_transfer, a_descriptor_that_was_open_before_may_be_written_to_inline_too) {
  test::run([this]() -> task<> {
    const auto adopted = [this](int flags) {
      return file::from_fd(::open(path_.c_str(), O_RDWR | O_CLOEXEC | flags),
                           open_options{}.inline_io(true));
    };
    const file buffered = adopted(0);
    const std::uint64_t before = submitted();
    EXPECT_EQ((co_await buffered.write_at(bytes("inline"), page)).res.value(), 6);
    EXPECT_EQ(submitted(), before);
    const file direct = adopted(O_DIRECT);
    auto lease = fixed_buf_pool::make({{page, 1}}).value().try_next(page).value();
    lease.resize(page);
    EXPECT_EQ((co_await direct.write_at(std::move(lease), 2 * page)).res.value(), page);
    EXPECT_EQ(submitted(), before + 1);
  });
  EXPECT_EQ(on_disk().substr(page, 6), "inline");
}

TEST_F(inline_transfer, an_error_of_a_write_is_the_result) {
  in_runtime({.cached = 1000}, open_options{}.inline_io(true),
             [](const file& readable, fake::kernel& kernel) -> task<> {
               auto r = co_await readable.write_at(bytes("lost"), 0);
               EXPECT_EQ(r.res.error(), std::errc::bad_file_descriptor);
               EXPECT_EQ(r.buf, bytes("lost"));
               EXPECT_EQ(kernel.attempts(), 1);
             });
}

TEST_F(inline_transfer, what_is_stopped_does_nothing) {
  in_runtime({.cached = 1000}, open_options{}.write(true).inline_io(true),
             [](const file& f, fake::kernel& kernel) -> task<> {
               std::stop_source source;
               source.request_stop();
               auto r = co_await stop_on(source.get_token(), f.write_at(bytes("late"), 0));
               EXPECT_EQ(r.res.error(), errc::canceled);
               EXPECT_EQ(kernel.attempts(), 0);
             });
  EXPECT_EQ(on_disk(), content_);
}

TEST_F(inline_transfer, what_knows_no_such_call_is_read_by_the_ring) {
  test::run([this]() -> task<> {
    const file zeroes = file::from_fd(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ((co_await read(zeroes, page, 0)).text, std::string(page, '\0'));
    const file real =
        (co_await file::open(path_, open_options{}.read(true).write(true).inline_io(true))).value();
    EXPECT_EQ((co_await read(real, file_bytes, 0)).text, content_);
    EXPECT_EQ((co_await real.write_at(bytes("X"), page)).res.value(), 1);
    EXPECT_EQ((co_await read(real, 2, page)).text, "Xb");
    const pipe_pair pipe;
    pipe.put("x");
    EXPECT_EQ((co_await read(pipe.reader(), 1, 0)).text, "x");
  });
}

}  // namespace
}  // namespace carousel
