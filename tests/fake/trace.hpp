#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace carousel::fake {

/// What happened, and the way a failure ends: the history of the operation concerned, the last
/// events of all, the options, and the command that runs it again.
class trace {
 public:
  /// `what` must be a literal. Operation 0 is the ring itself.
  void add(std::chrono::nanoseconds at, std::uint64_t operation, const char* what,
           std::int64_t detail = 0);
  void set_options(std::string text) { options_ = std::move(text); }
  /// How to run the failing case again.
  static void set_replay(std::string command);
  [[nodiscard]] static const std::string& replay_command() noexcept;

  [[noreturn]] void fail(std::uint64_t operation, std::string_view sentence) const;

 private:
  struct event {
    std::chrono::nanoseconds at;
    std::uint64_t operation;
    const char* what;
    std::int64_t detail;
  };
  static constexpr std::size_t kept = 16384;

  static void print(const event& e);
  template <class F>
  void for_each(F f) const;

  std::vector<event> events_;  ///< a ring once it is full
  std::size_t count_ = 0;
  std::string options_;
};

}  // namespace carousel::fake
