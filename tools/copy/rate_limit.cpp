#include "copy/rate_limit.hpp"

#include <algorithm>

#include "carousel/carousel.hpp"
#include "common/interruption.hpp"

namespace carousel::tool {
namespace {

constexpr std::uint64_t portions_per_second = 8;

}  // namespace

rate_limit::clock::time_point rate_limit::admit(std::uint64_t bytes,
                                                clock::time_point now) noexcept {
  if (!limits()) return now;
  const std::chrono::duration<double> needed(static_cast<double>(bytes) /
                                             static_cast<double>(rate_));
  const std::lock_guard one_by_one(admitting_);
  free_at_ = std::max(free_at_, now) + std::chrono::ceil<clock::duration>(needed);
  return free_at_;
}

task<> rate_limit::pass(std::uint64_t bytes) {
  const clock::time_point when = admit(bytes, clock::now());
  const clock::duration wait = when - clock::now();
  if (wait <= clock::duration::zero() || interrupted() != 0) co_return;
  const auto rung = co_await timeout(wait, interruption());
  // Where nobody can ring, only the time ends it.
  if (!rung && rung.error() != errc::timed_out) co_await sleep_for(when - clock::now());
}

std::uint64_t rate_limit::portion(std::uint64_t most, std::uint64_t grain) const noexcept {
  if (!limits()) return most;
  const std::uint64_t flows = rate_ / portions_per_second / grain * grain;
  return std::clamp(flows, grain, most);
}

}  // namespace carousel::tool
