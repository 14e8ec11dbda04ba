#include "common/machine.hpp"
#include "common/need.hpp"
#include "nop/engine.hpp"
#include "nop/nop.hpp"

namespace bench {
namespace {

using namespace carousel;

task<> one_of_batch(std::uint64_t& left) {
  while (left > 0) {
    --left;
    const result<> done = co_await nop();
    if (!done) fail("a NOP failed");
  }
}

class carousel_tasks final : public nop_engine {
 public:
  explicit carousel_tasks(unsigned batch) : batch_(batch), runtime_(need(runtime::make())) {}
  void run(std::uint64_t count) override { runtime_.block_on(run_all(count)); }

 private:
  task<> run_all(std::uint64_t count) const {
    std::vector<join_handle<void>> tasks;
    for (unsigned i = 0; i < batch_; ++i) tasks.push_back(spawn(one_of_batch, std::ref(count)));
    for (auto& t : tasks) co_await std::move(t);
  }

  unsigned batch_;
  runtime runtime_;
};

}  // namespace

std::unique_ptr<nop_engine> nops_by_carousel(unsigned batch) {
  return std::make_unique<carousel_tasks>(batch);
}

}  // namespace bench
