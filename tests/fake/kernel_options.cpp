#include "fake/kernel_options.hpp"

#include <sstream>

#include "fake/random.hpp"

namespace carousel::fake {
namespace {

/// Mostly nothing, else up to `highest`: runs differ in what happens, not only in when.
unsigned some(random& r, unsigned highest) {
  return r.below(5) < 2 ? 0U : static_cast<unsigned>(r.below(highest + 1));
}

std::chrono::nanoseconds time(random& r, std::int64_t highest_us) {
  return std::chrono::microseconds(
      r.below(3) == 0 ? 0 : r.below(static_cast<std::uint64_t>(highest_us)));
}

}  // namespace

kernel_options kernel_options::benign(std::uint64_t seed) {
  random r(seed ^ 0xfa4e);
  kernel_options o;
  o.seed = seed;
  o.async = some(r, 1000);
  o.delay_max = time(r, 20'000);
  o.turn_max = time(r, 200);
  o.batch_max = r.below(3) == 0 ? 1 + static_cast<unsigned>(r.below(8)) : o.batch_max;
  o.posts_early = r.below(4) == 0;
  o.small_cq = r.below(3) == 0;
  o.refused = some(r, 200);
  o.partial = some(r, 300);
  o.signals = some(r, 200);
  o.old_waits = r.below(4) == 0;
  o.may_drop = r.below(4) == 0;
  o.cut_short = some(r, 400);
  o.no_multishot = r.below(8) == 0;
  o.copied = some(r, 1000);
  o.no_zero_copy = r.below(8) == 0;
  return o;
}

kernel_options kernel_options::from_seed(std::uint64_t seed) {
  kernel_options o = benign(seed);
  random r(seed ^ 0xfa175);
  o.reorder = some(r, 1000);
  o.shortened = some(r, 400);
  o.failed = some(r, 60);
  o.interrupted = some(r, 60);
  o.canceled = some(r, 30);
  o.cancel_restarts = some(r, 500);
  o.refused_buffers = some(r, 300);
  o.refused_files = some(r, 200);
  if (r.below(6) == 0) {
    o.denied = 1 + static_cast<unsigned>(r.below(300));
    o.refused += 400;  // so that there is something to withdraw
  }
  o.no_nosignal = r.below(8) == 0;
  o.no_memlock = r.below(2) == 0;
  o.closed_world = true;
  o.untold = some(r, 500);
  o.cuts_chains = true;
  o.cached = some(r, 1000);
  o.cached_in_part = some(r, 300);
  return o;
}

std::string kernel_options::describe() const {
  std::ostringstream out;
  const auto us = [](std::chrono::nanoseconds t) { return t.count() / 1000; };
  out << "seed " << seed << "; per mille: async " << async << ", reorder " << reorder
      << ", shortened " << shortened << ", failed " << failed << ", interrupted " << interrupted
      << ", canceled " << canceled << ", stuck " << stuck << ", cached " << cached << ", in part "
      << cached_in_part << ", untold " << untold << ", resets " << resets << ", cut short "
      << cut_short << ", zero-copy sends that copy " << copied << ", cancel restarts "
      << cancel_restarts << ", refused enters " << refused << ", denied enters " << denied
      << ", partial submits " << partial << ", signals " << signals << ", forgotten signals "
      << forgotten_signals << ", refused buffers " << refused_buffers << ", refused files "
      << refused_files << "; delay up to " << us(delay_max) << " us, turn up to " << us(turn_max)
      << " us, batch up to " << batch_max << (posts_early ? ", posts early" : "")
      << (cuts_chains ? ", chains too" : "") << (small_cq ? ", small completion queue" : "")
      << (no_nosignal ? ", no RWF_NOSIGNAL" : "")
      << (may_drop ? ", a full completion queue loses" : "")
      << (no_memlock ? ", exempt from RLIMIT_MEMLOCK" : "")
      << (old_waits ? ", no IORING_ENTER_NO_IOWAIT" : "")
      << (signals_once ? ", an eventfd is told of once" : "")
      << (no_zero_copy ? ", no zero-copy sends" : "")
      << (no_multishot ? ", accepts that do not go on" : "");
  return out.str();
}

}  // namespace carousel::fake
