#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "fake/two_kernels.hpp"

// The two queues of a ring, when they are full and when something is to be reaped, are alike on
// both kernels.

namespace carousel {
namespace {

using namespace fake::words;

TEST(queue_conformance, a_completion_queue_that_overflows_keeps_the_order) {
  same_on_both(
      [](bench& b, answers& a) {
        for (std::uint64_t i = 0; i < 100; ++i) {
          b.start({.code = opcode::nop}, i);
          if (i % 4 == 3) note(a, "submitted", b.enter(0) < 0 ? -1 : 0);
        }
        note(a, "all had room in the submission queue", b.pushed() ? 1 : 0);
        note(a, "flagged", b.flagged_overflow() ? 1 : 0);
        const auto names = b.names_in_order();
        note(a, "completed", static_cast<long>(names.size()));
        note(a, "in order", std::ranges::is_sorted(names) ? 1 : 0);
        note(a, "flagged", b.flagged_overflow() ? 1 : 0);
      },
      4);
}

TEST(queue_conformance, a_full_submission_queue_takes_no_more) {
  same_on_both(
      [](bench& b, answers& a) {
        for (std::uint64_t i = 0; i < 4; ++i) b.start({.code = opcode::nop}, i);
        note(a, "pushed", b.pushed() ? 1 : 0);
        b.start({.code = opcode::nop}, 4);
        note(a, "pushed", b.pushed() ? 1 : 0);
        note(a, "submitted", b.enter(0));
        note(a, "result", b.result_of(3));
        note(a, "submitted", b.enter(0));
      },
      4);
}

TEST(queue_conformance, an_eventfd_counts_when_there_is_something_to_reap) {
  same_on_both([](bench& b, answers& a) {
    const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    note(a, "register", b.kernel().register_eventfd(fd));
    note(a, "again", b.kernel().register_eventfd(fd));
    std::uint64_t count = 0;
    note(a, "nothing yet", ::read(fd, &count, sizeof count));
    note(a, "nop", b.run({.code = opcode::nop}));
    note(a, "now", ::read(fd, &count, sizeof count));
    note(a, "not a descriptor", b.kernel().register_eventfd(-1) < 0);
    note(a, "another nop", b.run({.code = opcode::nop}));
    note(a, "none is registered", ::read(fd, &count, sizeof count));
    ::close(fd);
  });
}

}  // namespace
}  // namespace carousel
