#pragma once

#include <carousel/runtime.hpp>

#include <chrono>
#include <memory>

namespace carousel::fake {
class kernel;
}
namespace carousel::sys {
class kernel;
}

namespace carousel::test {

/// A program with a loop of its own around a runtime: it waits for event_fd() exactly as long as
/// may_wait() says, then polls. On the fake kernel, which CAROUSEL_TEST_KERNEL may name, the time
/// that it waits is virtual.
class embedded_loop {
  fake::kernel* fake_ = nullptr;  ///< null: the real one
  int fd_ = -1;                   ///< -1: event_fd() has not been asked for

 public:
  explicit embedded_loop(runtime_options options = {});
  explicit embedded_loop(std::unique_ptr<sys::kernel> kernel, runtime_options options = {});

  runtime rt;

  /// event_fd() is readable. It is asked for here at the earliest, or where the program has to
  /// wait.
  [[nodiscard]] bool has_signal();
  /// Waits, and takes the signal if one came. A minute is for ever, and a failure.
  void wait();
  /// One wait and one poll. Each poll is counted.
  void turn();
  void run_until(const bool& done);
  /// Goes on for as long as there is something to do without waiting.
  void settle();
  /// Time passes until the kernel has something to tell, at most this long, and the program does
  /// nothing.
  void let_pass(std::chrono::nanoseconds at_most);

  /// The program does something else for so long.
  void be_away(std::chrono::nanoseconds duration);

  unsigned polls = 0;

 private:
  [[nodiscard]] int fd();
  void take_signal();
};

}  // namespace carousel::test
