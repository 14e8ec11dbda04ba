#include "copy/descriptors.hpp"

#include <chrono>
#include <utility>

namespace carousel::tool {
namespace {

/// Other programs do not tell when they have closed theirs.
constexpr std::chrono::milliseconds pause{5};
constexpr int tries_alone_max = 200;

}  // namespace

bool out_of_descriptors(const std::error_code& why) noexcept {
  return why == std::errc::too_many_files_open || why == std::errc::too_many_files_open_in_system;
}

task<bool> descriptor_line::stay::wait(descriptor_line& line) {
  if (!first_) {
    auto first = co_await line.first_.lock();
    if (!first) co_return false;
    first_ = std::move(*first);
  }
  if (line.holders_ != 0) {
    tries_alone_ = 0;
    line.given_back_.reset();
    const auto told = co_await line.given_back_.wait();
    co_return told.has_value();
  }
  if (++tries_alone_ > tries_alone_max) co_return false;
  co_await sleep_for(pause);
  co_return true;
}

}  // namespace carousel::tool
