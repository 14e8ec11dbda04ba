#include <unistd.h>

#include <array>
#include <carousel/carousel.hpp>

#include "common/machine.hpp"
#include "common/need.hpp"
#include "nop/nop.hpp"
#include "scale/engine.hpp"

namespace bench {
namespace {

using namespace carousel;

class one_runtime final : public scale_engine {
 public:
  explicit one_runtime(std::size_t waiting) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) fail_errno("a pipe");
    from_ = file::from_fd(ends[0]);
    to_ = ends[1];
    runtime_.block_on([](one_runtime& self, std::size_t count) -> task<> {
      self.waiting_.reserve(count);
      for (; count > 0; --count) {
        self.waiting_.push_back(spawn(
            [](const file& from) -> task<> { (void)co_await from.read(std::vector<char>(1)); },
            std::cref(*self.from_)));
        if (count % 1000 == 0) co_await yield();
      }
      co_await yield();
    }(*this, waiting));
  }
  one_runtime(const one_runtime&) = delete;
  one_runtime& operator=(const one_runtime&) = delete;
  ~one_runtime() override {
    ::close(to_);  // which is the end of all of them
    runtime_.block_on([](std::vector<join_handle<void>>& all) -> task<> {
      for (auto& one : all) co_await std::move(one);
    }(waiting_));
  }

  void run(std::uint64_t count) override { runtime_.block_on(nops(count, 32)); }

 private:
  runtime runtime_ = need(runtime::make());
  std::optional<file> from_;
  int to_ = -1;
  std::vector<join_handle<void>> waiting_;
};

}  // namespace

std::unique_ptr<scale_engine> nops_beside_waiting(std::size_t reads) {
  return std::make_unique<one_runtime>(reads);
}

}  // namespace bench
