#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "carousel/carousel.hpp"

namespace carousel::tool {

/// EMFILE and ENFILE: not an error of the file, and over when others have closed theirs.
[[nodiscard]] bool out_of_descriptors(const std::error_code& why) noexcept;

/// So many files may be in flight, of as many as are wanted, that each finds descriptors for itself
/// and its directory: with more, directories that wait for their files could hold all there are.
[[nodiscard]] std::size_t files_with_descriptors(std::size_t wanted) noexcept;
/// So many levels of a walk stay open above where it is.
[[nodiscard]] std::size_t levels_with_descriptors(std::size_t wanted) noexcept;

/// The line of those who found no descriptor. Who stands in it has closed his own; the first in
/// line tries again each time that somebody has given back some, however long that takes, and gives
/// up when nobody is left who could.
///
/// Of the thread that walks. Whoever has descriptors open over a suspension is a holder, which goes
/// on without others in the line, or a lender, which closes them when they are wanted.
class descriptor_line {
 public:
  /// Descriptors of somebody who goes on. They were all closed when this dies, or are lent.
  class holder {
   public:
    explicit holder(descriptor_line& line) noexcept : line_(line) { ++line_.holders_; }
    holder(const holder&) = delete;
    holder& operator=(const holder&) = delete;
    ~holder() {
      --line_.holders_;
      line_.given_back_.set();
    }

   private:
    descriptor_line& line_;
  };

  /// A holder as long as it waits for what those in line may have to do first, and closes nothing
  /// for them: nobody waits for it either.
  class waiter {
   public:
    explicit waiter(descriptor_line& line) noexcept : line_(line) {
      --line_.holders_;
      line_.given_back_.set();
    }
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;
    ~waiter() { ++line_.holders_; }

   private:
    descriptor_line& line_;
  };

  /// Descriptors of somebody who waits for others, and can open them again.
  class lender {
   public:
    /// `close` is called for those in line as long as this lives. It gives true if it has closed
    /// some.
    lender(descriptor_line& line, std::function<bool()> close);
    lender(const lender&) = delete;
    lender& operator=(const lender&) = delete;
    ~lender();

   private:
    descriptor_line& line_;
    std::size_t number_;
  };

  /// One stay in the line, to be kept until the descriptors are open.
  class stay {
   public:
    /// Waits for another try, after one that has ended for this reason. False when that is in vain.
    task<bool> wait(descriptor_line& line, std::error_code why);
    /// Before what may take long: others may be the first meanwhile.
    void leave() noexcept { first_.reset(); }

   private:
    std::optional<mutex::guard> first_;
    bool has_waited_ = false;
    int tries_alone_ = 0;
  };

  /// Whether somebody stands in it: who is to wait for others closes what he can open again.
  [[nodiscard]] bool is_wanted() const noexcept { return first_.locked(); }

  /// Tries until it finds descriptors, or none are to be had: the result of `open`, which is a
  /// result<> of something.
  template <class Open>
  task<std::invoke_result_t<Open&>> until_open(Open open) {
    stay here;
    for (;;) {
      auto opened = open();
      if (opened || !out_of_descriptors(opened.error())) co_return opened;
      const bool again = co_await here.wait(*this, opened.error());
      if (!again) co_return opened;
    }
  }

 private:
  struct offer {
    std::size_t number;
    std::function<bool()> close;
  };
  [[nodiscard]] bool have_lent();

  mutex first_;  ///< locked by who is the first in line
  event given_back_;
  std::size_t holders_ = 0;
  std::vector<offer> lenders_;
  std::size_t lenders_so_far_ = 0;
};

}  // namespace carousel::tool
