#include "bench/slice.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>

#include "bench/subject.hpp"
#include "support/temp_dir.hpp"

namespace carousel::tool::bench {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

constexpr std::size_t block_bytes = 4096;
constexpr unsigned depth = 2;

class bench_slice : public testing::Test {
 protected:
  bench_slice() {
    std::ofstream out(path_, std::ios::binary);
    for (int i = 0; i < 64 * 1024; ++i) out << i;  // no block is like another
  }

  /// The file once its blocks are known, and a stage with buffers.
  void read_blocks(access how = access::cached) {
    auto opened = subject::open(path_, how);
    ASSERT_TRUE(opened) << opened.error();
    subject_.emplace(std::move(*opened));
    auto set = block_set::read(*subject_, block_bytes, 1, std::chrono::seconds(10));
    ASSERT_TRUE(set) << set.error();
    blocks_.emplace(std::move(*set));
    order_ = shuffled(blocks_->size(), 2);
    auto made = stage::make(subject_->fd(), pages::small, 8);
    ASSERT_TRUE(made) << made.error().message();
    stage_.emplace(std::move(*made));
    ASSERT_TRUE(stage_->set_up(block_bytes, depth));
  }
  auto slice(verb how, bool checks_each = false) {
    return run_slice(*stage_, {*blocks_, order_, how, std::chrono::milliseconds(1), checks_each},
                     latency_);
  }
  std::vector<verb> verbs() const {
    return stage_->registered() ? std::vector{verb::plain, verb::fixed} : std::vector{verb::plain};
  }
  void overwrite(std::size_t bytes) {
    std::fstream out(path_, std::ios::binary | std::ios::in | std::ios::out);
    out << std::string(bytes, 'x');
  }
  std::size_t size() const { return std::filesystem::file_size(path_); }

  test::temp_dir dir_;
  std::string path_ = dir_.path() / "file";
  std::optional<subject> subject_;
  std::optional<block_set> blocks_;
  std::vector<std::uint32_t> order_;
  std::optional<stage> stage_;
  latency_histogram latency_;
};

TEST_F(bench_slice, counts_each_read_and_its_time) {
  read_blocks();
  for (const verb how : verbs()) {
    latency_ = {};
    const auto found = slice(how);
    ASSERT_TRUE(found) << found.error();
    EXPECT_GE(found->reads, depth);
    EXPECT_EQ(latency_.count(), found->reads);
    EXPECT_GT(found->cpu_seconds, 0);
    EXPECT_GE(found->seconds, 0.001);
  }
}

TEST_F(bench_slice, blocks_lie_apart_and_all_over_the_file) {
  read_blocks();
  std::set<std::uint64_t> offsets;
  for (std::size_t i = 0; i < blocks_->size(); ++i) {
    offsets.insert(blocks_->offset(i));
    EXPECT_EQ(blocks_->offset(i) % block_bytes, 0U);
    EXPECT_LE(blocks_->offset(i) + block_bytes, size());
  }
  EXPECT_EQ(offsets.size(), size() / block_bytes);
}

TEST_F(bench_slice, other_bytes_than_before_are_no_figures) {
  read_blocks();
  overwrite(size());
  for (const verb how : verbs()) {
    for (const bool checks_each : {false, true}) {
      const auto found = slice(how, checks_each);
      ASSERT_FALSE(found);
      EXPECT_THAT(found.error(),
                  MatchesRegex("the bytes at [0-9]+ are not those that were read.*"));
    }
  }
}

TEST_F(bench_slice, a_single_changed_block_is_found_when_each_is_compared) {
  read_blocks();
  overwrite(1);
  for (const verb how : verbs()) {
    // As many turns as it takes to read them all once.
    std::string said;
    for (int i = 0; i < 1000 && said.empty(); ++i) {
      const auto found = slice(how, true);
      if (!found) said = found.error();
    }
    EXPECT_THAT(said, HasSubstr("the bytes at 0 are not those"));
  }
}

TEST_F(bench_slice, a_short_read_is_no_figure) {
  read_blocks();
  std::filesystem::resize_file(path_, block_bytes / 2);
  for (const verb how : verbs()) {
    const auto found = slice(how);
    ASSERT_FALSE(found);
    EXPECT_THAT(found.error(), MatchesRegex("a read of 4096 bytes at [0-9]+ gave [0-9]+"));
  }
}

TEST_F(bench_slice, a_file_that_changes_is_noticed_and_one_that_is_read_is_not) {
  read_blocks();
  ASSERT_TRUE(slice(verb::plain));
  EXPECT_FALSE(subject_->changed());
  std::ofstream(path_, std::ios::app) << "more";
  EXPECT_TRUE(subject_->changed());
}

TEST_F(bench_slice, what_is_no_file_is_refused_before_it_is_opened) {
  const std::string fifo = dir_.path() / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const auto said = [](const std::string& path) {
    const auto opened = subject::open(path, access::whatever);
    return opened ? std::string("opened") : opened.error();
  };
  EXPECT_THAT(said(fifo), HasSubstr("is no file; name a regular file"));
  EXPECT_THAT(said(dir_.path()), HasSubstr("is a directory; name a regular file"));
  EXPECT_THAT(said(dir_.path() / "missing"), HasSubstr("No such file or directory"));
  std::ofstream(dir_.path() / "empty").flush();
  EXPECT_THAT(said(dir_.path() / "empty"), HasSubstr("is empty"));
}

}  // namespace
}  // namespace carousel::tool::bench
