#include "copy/descriptors.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace carousel::tool {
namespace {

/// Who is alone is let down by what does not tell: other programs, which the system has no
/// descriptors left for either, and the thread that counts for the progress.
constexpr std::chrono::milliseconds pause{5};
constexpr int tries_of_system_max = 200;
constexpr int tries_alone_max = 4;

/// Of a file that is copied and of the directory that it may be alone in, on both sides.
constexpr std::size_t each_file = 4;
/// The standard ones, the ring and what wakes it, the operands, and where the walk is.
constexpr std::size_t all_else = 14;
/// Of a level of the walk that stays open, as often as files may have the others.
constexpr std::size_t each_level = 8;

/// As many as the limit leaves for what takes `each` of them, of `wanted`, but one at least.
std::size_t as_many(std::size_t wanted, std::size_t each) noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return wanted;
  const std::size_t left = limit.rlim_cur - std::min<std::size_t>(limit.rlim_cur, all_else);
  return std::min(wanted, std::max<std::size_t>(left / each, 1));
}

}  // namespace

bool out_of_descriptors(const std::error_code& why) noexcept {
  return why == std::errc::too_many_files_open || why == std::errc::too_many_files_open_in_system;
}

std::size_t files_with_descriptors(std::size_t wanted) noexcept {
  return as_many(wanted, each_file);
}

std::size_t levels_with_descriptors(std::size_t wanted) noexcept {
  return as_many(wanted, each_level);
}

descriptor_line::lender::lender(descriptor_line& line, std::function<bool()> close)
    : line_(line), number_(line.lenders_so_far_++) {
  line_.lenders_.push_back({number_, std::move(close)});
}

descriptor_line::lender::~lender() {
  std::erase_if(line_.lenders_, [this](const offer& o) { return o.number == number_; });
}

/// Whether anything was closed for those in line.
bool descriptor_line::have_lent() {
  bool some = false;
  for (const offer& o : lenders_) some = o.close() || some;
  return some;
}

task<bool> descriptor_line::stay::wait(descriptor_line& line, std::error_code why) {
  if (!first_) {
    auto first = co_await line.first_.lock();
    if (!first) co_return false;
    first_ = std::move(*first);
    // Those before have left the line, and perhaps closed what they had.
    if (!std::exchange(has_waited_, true)) co_return true;
  }
  if (line.have_lent()) {
    co_await yield();
    co_return true;
  }
  if (line.holders_ != 0) {
    tries_alone_ = 0;
    line.given_back_.reset();
    const auto told = co_await line.given_back_.wait();
    co_return told.has_value();
  }
  const bool of_system = why == std::errc::too_many_files_open_in_system;
  if (++tries_alone_ > (of_system ? tries_of_system_max : tries_alone_max)) co_return false;
  co_await sleep_for(pause);
  co_return true;
}

}  // namespace carousel::tool
