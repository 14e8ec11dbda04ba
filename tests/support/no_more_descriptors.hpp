#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

namespace carousel::test {

/// The process may open no more descriptors than it has now and `more`, as long as this lives.
class no_more_descriptors {
 public:
  explicit no_more_descriptors(unsigned more = 0) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int free = ::dup(0);
    ::close(free);
    rlimit less = before_;
    less.rlim_cur = static_cast<rlim_t>(free) + more;
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &less), 0);
  }
  no_more_descriptors(const no_more_descriptors&) = delete;
  no_more_descriptors& operator=(const no_more_descriptors&) = delete;
  ~no_more_descriptors() { EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before_), 0); }

 private:
  rlimit before_{};
};

}  // namespace carousel::test
