#include "bench/registration_fit.hpp"

#include <fmt/format.h>

#include "bench/units.hpp"
#include "common/memlock.hpp"

namespace carousel::tool::bench {
namespace {

constexpr std::size_t huge_page_bytes = std::size_t{2} << 20U;

std::string cell_name(std::size_t block_bytes, unsigned depth) {
  return fmt::format("{} at depth {}", size_text(block_bytes), depth);
}

}  // namespace

registration_fit::registration_fit(stages& on, std::size_t block_bytes_max,
                                   unsigned depth_max) noexcept
    : on_(on) {
  const std::size_t bytes = block_bytes_max * depth_max;
  bytes_wanted_ = bytes;
  // A huge page is charged whole.
  if (on.huge) bytes_wanted_ += (bytes + huge_page_bytes - 1) / huge_page_bytes * huge_page_bytes;
}

bool registration_fit::small_fits() const noexcept { return on_.small.registered(); }
bool registration_fit::huge_fits() const noexcept { return !on_.huge || on_.huge->registered(); }

result<> registration_fit::try_depth(std::size_t block_bytes, unsigned depth) {
  // What is registered counts until it is given up.
  on_.small.clear();
  if (on_.huge) on_.huge->clear();
  if (const auto made = on_.small.set_up(block_bytes, depth); !made) return made;
  return on_.huge ? on_.huge->set_up(block_bytes, depth) : result<>();
}

std::expected<unsigned, std::string> registration_fit::set_up(std::size_t block_bytes,
                                                              unsigned depth) {
  const auto settle = [&](unsigned at) -> std::expected<unsigned, std::string> {
    const auto made = try_depth(block_bytes, at);
    if (!made)
      return std::unexpected(fmt::format("cannot make the buffers: {}", made.error().message()));
    return at;
  };
  const auto remember = [&](unsigned at) {
    if (at != depth)
      shallower_.push_back(fmt::format("{} instead of {}", cell_name(block_bytes, at), depth));
    if (!small_fits()) without_small_.push_back(cell_name(block_bytes, at));
    if (!huge_fits()) without_huge_.push_back(cell_name(block_bytes, at));
    return at;
  };
  auto at = settle(depth);
  if (!at || (small_fits() && huge_fits())) return at;
  refusal_ = small_fits() ? on_.huge->refusal() : on_.small.refusal();
  if (refusal_ != errc::memlock_limit) return remember(depth);
  for (const bool both : {true, false}) {
    for (unsigned less = depth; less != 0; less /= 2) {
      at = settle(less);
      if (!at) return at;
      if (small_fits() && (huge_fits() || !both)) return remember(less);
    }
  }
  at = settle(depth);
  return at ? remember(depth) : at;
}

std::string registration_fit::renew(std::size_t block_bytes, unsigned depth) {
  const bool small = small_fits();
  const bool huge = huge_fits();
  if (const auto made = try_depth(block_bytes, depth); !made)
    return fmt::format("cannot make the buffers: {}", made.error().message());
  if (small == small_fits() && huge == huge_fits()) return {};
  const std::error_code& why = small && !small_fits() ? on_.small.refusal() : on_.huge->refusal();
  return fmt::format("the kernel did not register the buffers again: {}", why.message());
}

std::string registration_fit::report() const {
  if (!refusal_) return {};
  std::vector<std::string> parts;
  if (!shallower_.empty()) parts.push_back(enumeration(shallower_));
  if (!without_small_.empty())
    parts.push_back("no fixed reads on 4 KiB pages of " + enumeration(without_small_));
  if (!without_huge_.empty())
    parts.push_back("no fixed reads on huge pages of " + enumeration(without_huge_));
  const std::string what = fmt::format("{}", fmt::join(parts, "; "));
  if (refusal_ != errc::memlock_limit)
    return fmt::format("the kernel does not register buffers ({}): {}", refusal_.message(), what);
  return fmt::format(
      "RLIMIT_MEMLOCK is {}, too little to register all buffers: {}. To change it: {}",
      memlock_limit_text(), what, memlock_fix(memlock_kib_for(bytes_wanted_)));
}

}  // namespace carousel::tool::bench
