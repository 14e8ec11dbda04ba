#include "random/world.hpp"

#include <array>
#include <cerrno>
#include <sstream>

namespace carousel::random_test {

plan plan::from_seed(std::uint64_t seed, fake::kernel_options& options) {
  fake::random r(seed ^ 0x91a4);
  static constexpr std::array<unsigned, 8> entries = {1, 1, 2, 4, 8, 32, 64, 256};
  plan p;
  p.runtime.entries = entries[r.below(entries.size())];
  p.actors = 1 + static_cast<unsigned>(r.below(12));
  p.actions = 1 + static_cast<unsigned>(r.below(8));
  p.steps = static_cast<unsigned>(r.below(60));
  p.finish = r.below(3) != 0;
  if (r.below(64) == 0) {
    p.crowd = 250 + static_cast<unsigned>(r.below(20));
    p.runtime.operations_max = 256;
  }
  if (r.below(16) == 0) {
    options.stuck = 10 + static_cast<unsigned>(r.below(100));
    p.deadline = std::chrono::milliseconds(r.below(50));
  }
  fake::random outside(seed ^ 0x0e3b);
  p.embedded = outside.below(4) == 0;
  if (p.embedded && outside.below(8) == 0)
    options.forgotten_signals = 1 + static_cast<unsigned>(outside.below(1000));
  if (outside.below(4) == 0) p.runtime.spin = std::chrono::microseconds(outside.below(200));
  options.signals_once = p.embedded && outside.below(2) == 0;
  return p;
}

std::string plan::describe() const {
  std::ostringstream out;
  out << "entries " << runtime.entries << ", operations up to " << runtime.operations_max
      << ", actors " << actors << ", actions " << actions << ", steps " << steps << ", crowd "
      << crowd << (finish ? ", all finish" : ", some die with the runtime")
      << (embedded ? ", embedded" : "") << ", spins "
      << std::chrono::nanoseconds(runtime.spin).count() / 1000 << " us" << ", deadline "
      << deadline.count() / 1'000'000 << " ms";
  return out.str();
}

world::world(std::uint64_t seed, const fake::kernel_options& o, std::filesystem::path where)
    : random(seed ^ 0x3071d), options(o), scratch(std::move(where)), registry(random) {
  const auto pools_wanted = 1 + random.below(2);
  for (std::uint64_t i = 0; i < pools_wanted; ++i) pools.emplace_back(random, random.below(3) != 0);
  for (int i = 0; i < 2; ++i) files.emplace_back(scratch / ("f" + std::to_string(i)), random);
  pipes.emplace_back(shadow_pipe::role::library_reads);
  pipes.emplace_back(shadow_pipe::role::library_writes);
}

void world::require_injected(std::error_code error) const {
  if (error == errc::canceled)
    return require(stop_requested(), "an operation was canceled though nobody asked for it");
  if (error == errc::no_worker)
    return require(options.canceled != 0, "an operation was canceled for no reason");
  if (error == std::errc::io_error || error == std::errc::no_space_on_device ||
      error == std::errc::not_enough_memory) {
    return require(options.failed != 0, "an operation failed for no reason");
  }
  if (error == std::errc::interrupted || error == std::errc::resource_unavailable_try_again)
    return require(options.interrupted != 0, "an operation was interrupted for no reason");
  if (error == std::errc::operation_not_permitted)
    return require(options.denied != 0, "an operation was denied for no reason");
  kernel->fail("an operation gave an error that nobody caused: " + error.message());
}

void world::require_laws() const {
  for (const pool_model& pool : pools) pool.check(*kernel, held);
  registry.check(*kernel, held);
  require(io->counters().stray == 0, "a completion named no live operation");
}

}  // namespace carousel::random_test
