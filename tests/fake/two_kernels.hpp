#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "fake/kernel.hpp"
#include "ring/ring.hpp"

// What the conformance tests have in common: a script, and the two kernels that it runs on.

namespace carousel::fake {

/// A ring without a driver: one operation at a time, or several, and what the kernel answers.
class bench {
 public:
  explicit bench(std::unique_ptr<sys::kernel> kernel, unsigned entries = 8)
      : ring_(detail::ring::make(std::move(kernel), {.entries = entries}).value()) {}

  [[nodiscard]] sys::kernel& kernel() noexcept { return ring_->kernel(); }
  void start(const detail::request& req, std::uint64_t name) {
    pushed_ = ring_->push(req, name) && pushed_;
  }
  int enter(unsigned wait_for, const std::chrono::nanoseconds* timeout = nullptr) {
    return wait_for == 0 ? ring_->submit_and_collect() : ring_->submit_and_wait(wait_for, timeout);
  }
  /// Waits until this operation ends; what else ends meanwhile is kept.
  int result_of(std::uint64_t name) {
    for (;;) {
      ring_->reap([&](std::uint64_t user_data, std::int32_t res, std::uint32_t) {
        done_.emplace_back(user_data, res);
        return true;
      });
      const auto it = std::ranges::find(done_, name, &std::pair<std::uint64_t, int>::first);
      if (it != done_.end()) {
        const int res = it->second;
        done_.erase(it);
        return res;
      }
      (void)enter(1);
    }
  }
  /// What has completed so far, each with whether it announces another one.
  std::vector<std::pair<std::int32_t, bool>> completions() {
    (void)enter(0);
    std::vector<std::pair<std::int32_t, bool>> all;
    ring_->reap([&](std::uint64_t, std::int32_t res, std::uint32_t flags) {
      all.emplace_back(res, (flags & sys::cqe_more) != 0);
      return true;
    });
    return all;
  }
  int run(const detail::request& req) {
    start(req, ++last_);
    return result_of(last_);
  }
  [[nodiscard]] bool pushed() const noexcept { return pushed_; }
  [[nodiscard]] bool flagged_overflow() const noexcept { return ring_->wants_enter(); }
  std::vector<std::uint64_t> names_in_order() {
    std::vector<std::uint64_t> names;
    while (enter(0) >= 0 && ring_->has_completions()) {
      ring_->reap([&](std::uint64_t name, std::int32_t, std::uint32_t) {
        names.push_back(name);
        return true;
      });
    }
    return names;
  }

 private:
  std::unique_ptr<detail::ring> ring_;
  std::uint64_t last_ = 1000;
  std::vector<std::pair<std::uint64_t, int>> done_;
  bool pushed_ = true;
};

using answers = std::vector<std::string>;
using script = std::function<void(bench&, answers&)>;

inline void note(answers& all, const char* what, long value) {
  all.push_back(std::string(what) + ": " + std::to_string(value));
}

inline void same_on_both(const script& s, unsigned entries = 8) {
  answers real;
  answers fake;
  {
    bench b(sys::make_linux_kernel(), entries);
    s(b, real);
  }
  {
    kernel_options options;
    options.strict = false;
    bench b(std::make_unique<kernel>(options), entries);
    s(b, fake);
  }
  EXPECT_FALSE(real.empty());
  EXPECT_EQ(real, fake);
}

inline std::uint64_t address_of(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }

inline detail::request transfer(detail::opcode code, int fd, void* at, std::uint32_t bytes,
                                std::uint64_t offset) {
  return {.code = code, .fd = fd, .offset = offset, .address = address_of(at), .length = bytes};
}

/// What a script is written with.
namespace words {

using detail::opcode;
using detail::request;
using fake::address_of;
using fake::answers;
using fake::bench;
using fake::note;
using fake::same_on_both;
using fake::transfer;

}  // namespace words

}  // namespace carousel::fake
