#include <fcntl.h>
#include <gtest/gtest.h>
#include <carousel/carousel.hpp>

#include <memory>
#include <utility>

#include "carousel/detail/driver/file_table.hpp"
#include "support/meddling_kernel.hpp"
#include "support/run.hpp"
#include "support/temp_dir.hpp"

// When a ring gets its table of files.

namespace carousel {
namespace {

using test::make_meddled;
using test::meddling;
using test::temp_dir;

task<> sync_often(const file& f, unsigned times) {
  for (unsigned i = 0; i < times; ++i) {
    const auto done = co_await f.sync_data();
    EXPECT_TRUE(done);
  }
}

file a_file(const temp_dir& dir) {
  return file::from_fd(::open(dir.make("file", "x").c_str(), O_RDWR | O_CLOEXEC));
}

TEST(file_table, comes_with_the_first_file_that_is_used_often) {
  const temp_dir dir;
  const auto m = std::make_shared<meddling>();
  runtime r = make_meddled(m);
  r.block_on([](const temp_dir& where, const meddling& seen) -> task<> {
    const file f = a_file(where);
    co_await sync_often(f, detail::file_table::uses_before_entry - 1);
    EXPECT_EQ(seen.file_tables, 0U);
    co_await sync_often(f, 1);
    EXPECT_EQ(seen.file_tables, 1U);
  }(dir, *m));
}

TEST(file_table, comes_with_the_first_file_that_has_no_descriptor) {
  const temp_dir dir;
  const auto m = std::make_shared<meddling>();
  runtime r = make_meddled(m);
  r.block_on([](const temp_dir& where, const meddling& seen) -> task<> {
    const auto path = where.make("file", "x");
    const auto f = co_await file::open(path, open_options{}.ring_only(true));
    EXPECT_TRUE(f);
    EXPECT_EQ(seen.file_tables, 1U);
  }(dir, *m));
}

TEST(file_table, is_not_asked_for_again_where_the_kernel_has_refused_one) {
  const temp_dir dir;
  const auto m = std::make_shared<meddling>();
  m->has_file_table = false;
  runtime r = make_meddled(m);
  r.block_on([](const temp_dir& where, const meddling& seen) -> task<> {
    const file first = a_file(where);
    const file second = a_file(where);
    co_await sync_often(first, 2 * detail::file_table::uses_before_entry);
    co_await sync_often(second, 2 * detail::file_table::uses_before_entry);
    EXPECT_EQ(seen.file_tables, 1U);
  }(dir, *m));
}

}  // namespace
}  // namespace carousel
