#include "copy/content_way.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "copy/reflink.hpp"
#include "support/temp_dir.hpp"

// In which way content is copied, in words, and the sharing of storage.

namespace carousel::tool {
namespace {

TEST(content_way, the_best_way_needs_no_reason) {
  EXPECT_EQ(describe({content_way::reflink}), "reflink");
}

TEST(content_way, another_way_says_why_it_is_not_a_better_one) {
  EXPECT_EQ(describe({content_way::direct, EXDEV}), "direct (no reflink: the file systems differ)");
  EXPECT_EQ(describe({content_way::buffered, reflink_not_wanted, no_direct::short_file}),
            "buffered (no reflink: --reflink=never; not direct: the file is short)");
}

TEST(content_way, every_refusal_is_a_reason) {
  for (const int error : {EXDEV, EOPNOTSUPP, ENOTTY, ENOSYS, EINVAL, ETXTBSY, EPERM, ENOSPC,
                          reflink_not_wanted, reflink_not_needed})
    EXPECT_FALSE(why_no_reflink(error).empty()) << error;
  for (const no_direct why :
       {no_direct::short_file, no_direct::compressed, no_direct::not_possible,
        no_direct::small_buffer, no_direct::last_offset, no_direct::descriptors})
    EXPECT_FALSE(why_not_direct(why).empty()) << static_cast<int>(why);
}

TEST(share_storage, what_cannot_be_shared_leaves_an_empty_file) {
  const test::temp_dir dir("/dev/shm");
  const int from = ::open(dir.make("from", "content").c_str(), O_RDONLY | O_CLOEXEC);
  const int to = ::open(dir.make("to", "").c_str(), O_RDWR | O_CLOEXEC);
  const auto shared = share_storage(from, to);
  ASSERT_FALSE(shared.has_value());
  EXPECT_EQ(shared.error(), std::error_code(EOPNOTSUPP, std::generic_category()));
  // A file system that stops on the way leaves what it has done.
  ASSERT_EQ(::pwrite(to, "part", 4, 0), 4);
  EXPECT_FALSE(share_storage(from, to).has_value());
  struct stat about{};
  ASSERT_EQ(::fstat(to, &about), 0);
  EXPECT_EQ(about.st_size, 0);
  ::close(from);
  ::close(to);
}

}  // namespace
}  // namespace carousel::tool
