#pragma once

#include <cstddef>
#include <cstdint>
#include <system_error>
#include <utility>

#include "carousel/detail/driver/operation.hpp"

namespace carousel::detail {

/// A second file that an operation uses: kept open, and counted for its close(), from the beginning
/// of the operation until the last completion.
class second_file {
 public:
  explicit second_file(fd_ref of) noexcept : file_(std::move(of)) {}
  second_file(second_file&& other) noexcept
      : file_(std::move(other.file_)), counted_(std::exchange(other.counted_, false)) {}
  second_file& operator=(second_file&&) = delete;
  ~second_file() { end_use(); }

  [[nodiscard]] descriptor* get() const noexcept { return file_.get(); }
  void begin_use() noexcept {
    ++file_->started;
    counted_ = true;
  }
  void end_use() noexcept {
    if (std::exchange(counted_, false)) file_->end_operation();
  }

 private:
  fd_ref file_;
  bool counted_ = false;
};

/// close() stops what uses it.
[[nodiscard]] inline const descriptor* other_file(const second_file& held) noexcept {
  return held.get();
}
inline void end_use_of_other_file(second_file& held) noexcept { held.end_use(); }

/// Moves or copies bytes between descriptors, one of which is a pipe: `file` is where they come
/// from, `held` where they go.
struct splice_call : file_operation {
  request req;  ///< but for the files

  using resources = second_file;
  using output = result<std::size_t>;
  using lends = ext::lends_nothing;
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_file;
  using links = ext::links_when_whole;
  second_file held;

  [[nodiscard]] failure_code check(const driver& io) const noexcept;
  void encode(driver& io, slot&, request& r) noexcept;

  output complete(std::int32_t res, second_file& to, slot&) const noexcept;
  output fail(std::error_code error, second_file&& to) const noexcept;

  [[nodiscard]] std::size_t bytes_wanted() const noexcept { return req.length; }
};

}  // namespace carousel::detail
