#pragma once

#include "random/world.hpp"

namespace carousel::random_test {

/// A program with a loop of its own around a runtime. It waits exactly as it is told by may_wait()
/// and event_fd(), for which it asks sooner or later, and now and then stops or aborts a task or
/// uses a pipe between two polls.
///
/// It fails where it is told to wait though a poll would get something done, where the eventfd does
/// not tell what may_wait() does, and where it turns again and again for nothing.
class outer_loop {
 public:
  outer_loop(world& w, runtime& rt, std::uint64_t seed) noexcept
      : w_(w), rt_(rt), random_(seed ^ 0xe43b) {}

  /// Until the controller has ended.
  void run(const plan& p);

 private:
  /// What changes if a poll gets something done.
  struct progress {
    std::uint64_t operations;
    std::uint64_t enters;
    std::uint64_t cancels;
    std::uint64_t next_random;
    detail::steady_time now;
    bool operator==(const progress&) const = default;
  };

  [[nodiscard]] progress so_far() const;
  void ask_for_event_fd() { fd_ = rt_.event_fd().value(); }
  void wait();
  void require_told() const;
  void require_nothing_to_do();
  void poll();

  world& w_;
  runtime& rt_;
  fake::random random_;
  int fd_ = -1;               ///< -1: it has not been asked for
  unsigned for_nothing_ = 0;  ///< polls on end
};

}  // namespace carousel::random_test
