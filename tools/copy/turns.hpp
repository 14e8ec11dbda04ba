#pragma once

#include <cstdint>
#include <deque>
#include <utility>

#include "carousel/carousel.hpp"

namespace carousel::tool {

/// Lets tasks decide in the order in which their turns began, whatever each of them waits for
/// before that. It must outlive them. One thread.
class turns {
 public:
  /// A place in the order, which passes when it dies.
  class turn {
   public:
    turn() noexcept = default;
    turn(turn&& other) noexcept : of_(std::exchange(other.of_, nullptr)), number_(other.number_) {}
    turn& operator=(turn&& other) noexcept {
      if (this != &other) {
        pass();
        of_ = std::exchange(other.of_, nullptr);
        number_ = other.number_;
      }
      return *this;
    }
    ~turn() { pass(); }

    /// Waits until all turns before it have passed.
    task<> come();
    /// The same; false: it was disturbed before that.
    task<bool> come_or_be_disturbed();
    /// Whether all before it have passed.
    [[nodiscard]] bool is_here() const noexcept { return of_ == nullptr || number_ == of_->first_; }
    /// The next one may come. Does nothing the second time.
    void pass() noexcept;

   private:
    friend class turns;
    turn(turns& of, std::uint64_t number) noexcept : of_(&of), number_(number) {}
    turns* of_ = nullptr;
    std::uint64_t number_ = 0;
  };

  [[nodiscard]] turn begin();
  /// Lets those that wait do something else before they wait again.
  void disturb() noexcept;

 private:
  struct entry {
    event* waits = nullptr;
    bool passed = false;
  };
  [[nodiscard]] entry& at(std::uint64_t number) noexcept { return line_[number - first_]; }

  std::deque<entry> line_;  ///< from the first that has not passed
  std::uint64_t first_ = 0;
};

}  // namespace carousel::tool
