#pragma once

#include <cstddef>
#include <string>

namespace bench {

/// Ends the program: a benchmark whose work failed has no figure to give.
[[noreturn]] void fail(const std::string& why);
/// As above, with what errno says.
[[noreturn]] void fail_errno(const std::string& what);

/// Keeps this process on the CPU that it runs on now. Right where one thread does everything; wrong
/// where kernel workers help, because they inherit it.
void pin_to_this_cpu();

/// A monotonic clock, in seconds.
double now_seconds();
/// CPU time of all threads of this process, kernel workers of its rings included, and of its
/// children that have ended.
double process_cpu_seconds();
/// Busy time of all CPUs since the machine started, in seconds, in steps of 10 ms: for work that
/// the kernel does elsewhere.
double machine_cpu_seconds();

/// Memory on pages of its own, all of them touched.
class pages {
 public:
  explicit pages(std::size_t bytes, bool huge = false);
  pages(const pages&) = delete;
  pages& operator=(const pages&) = delete;
  ~pages();
  [[nodiscard]] std::byte* data() const noexcept { return data_; }

 private:
  std::byte* data_;
  std::size_t bytes_;
};

}  // namespace bench
