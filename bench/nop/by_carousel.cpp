#include <chrono>
#include <optional>

#include "common/machine.hpp"
#include "common/need.hpp"
#include "nop/engine.hpp"
#include "nop/nop.hpp"

namespace bench {
namespace {

using namespace carousel;

task<> one_of_them(std::uint64_t& left) {
  while (left > 0) {
    --left;
    const result<> done = co_await nop();
    if (!done) fail("a NOP failed");
  }
}

class carousel_tasks final : public nop_engine {
 public:
  carousel_tasks(unsigned batch, timer_set timer)
      : batch_(batch), timer_(timer), runtime_(need(runtime::make())) {}
  void run(std::uint64_t count) override { runtime_.block_on(run_all(count)); }

 private:
  task<> run_all(std::uint64_t count) const {
    std::optional<join_handle<void>> sleeper;
    if (timer_ == timer_set::yes)
      sleeper = spawn([]() -> task<> { co_await sleep_for(std::chrono::hours(1)); });
    co_await nops(count, batch_);
    if (sleeper) sleeper->abort();
  }

  unsigned batch_;
  timer_set timer_;
  runtime runtime_;
};

}  // namespace

task<> nops(std::uint64_t count, unsigned tasks) {
  std::vector<join_handle<void>> all;
  all.reserve(tasks);
  for (unsigned i = 0; i < tasks; ++i) all.push_back(spawn(one_of_them, std::ref(count)));
  for (auto& one : all) co_await std::move(one);
}

std::unique_ptr<nop_engine> nops_by_carousel(unsigned batch, timer_set timer) {
  return std::make_unique<carousel_tasks>(batch, timer);
}

}  // namespace bench
