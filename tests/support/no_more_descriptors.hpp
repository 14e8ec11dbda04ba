#pragma once

#include <sys/resource.h>
#include <unistd.h>

namespace carousel::test {

/// The process may open no more descriptors than it has now, as long as this lives.
class no_more_descriptors {
 public:
  no_more_descriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int free = ::dup(0);
    ::close(free);
    rlimit less = before_;
    less.rlim_cur = static_cast<rlim_t>(free);
    setrlimit(RLIMIT_NOFILE, &less);
  }
  no_more_descriptors(const no_more_descriptors&) = delete;
  no_more_descriptors& operator=(const no_more_descriptors&) = delete;
  ~no_more_descriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace carousel::test
