#include "copy/rate_limit.hpp"

#include <algorithm>

#include "carousel/time/sleep.hpp"
#include "common/interruption.hpp"

namespace carousel::tool {
namespace {

constexpr std::uint64_t portions_per_second = 8;
constexpr std::chrono::milliseconds nap_longest{100};

}  // namespace

rate_limit::clock::time_point rate_limit::admit(std::uint64_t bytes,
                                                clock::time_point now) noexcept {
  if (!limits()) return now;
  const std::chrono::duration<double> needed(static_cast<double>(bytes) /
                                             static_cast<double>(rate_));
  free_at_ = std::max(free_at_, now) + std::chrono::ceil<clock::duration>(needed);
  return free_at_;
}

task<> rate_limit::pass(std::uint64_t bytes) {
  const clock::time_point when = admit(bytes, clock::now());
  for (auto now = clock::now(); now < when && interrupted() == 0; now = clock::now())
    co_await sleep_for(std::min<clock::duration>(when - now, nap_longest));
}

std::uint64_t rate_limit::portion(std::uint64_t most, std::uint64_t grain) const noexcept {
  if (!limits()) return most;
  const std::uint64_t flows = rate_ / portions_per_second / grain * grain;
  return std::clamp(flows, grain, most);
}

}  // namespace carousel::tool
