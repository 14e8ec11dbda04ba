#include "copy/descriptors.hpp"

#include <chrono>
#include <utility>

namespace carousel::tool {
namespace {

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
  tries_alone_ = line.holders_ == 0 ? tries_alone_ + 1 : 0;
  if (tries_alone_ > tries_alone_max) co_return false;
  co_await sleep_for(pause);
  co_return true;
}

}  // namespace carousel::tool
