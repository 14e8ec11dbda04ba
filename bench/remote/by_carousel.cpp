#include <carousel/carousel.hpp>

#include <chrono>
#include <latch>
#include <optional>
#include <thread>

#include "common/need.hpp"
#include "remote/engine.hpp"

namespace bench {
namespace {

using namespace carousel;

/// A runtime in a thread of its own, which goes on until this is destroyed.
class other_runtime {
 public:
  explicit other_runtime(runtime_options options = {}) : options_(options) { ready_.wait(); }
  [[nodiscard]] const remote_runtime& remote() const noexcept { return *remote_; }
  ~other_runtime() {
    remote_->post([this] { over_.set(); });
  }
  other_runtime(const other_runtime&) = delete;
  other_runtime& operator=(const other_runtime&) = delete;

 private:
  runtime_options options_;
  std::latch ready_{1};
  event over_;
  std::optional<remote_runtime> remote_;
  std::jthread thread_{[this] {
    auto rt = need(runtime::make(options_));
    remote_ = rt.remote();
    ready_.count_down();
    rt.block_on([](event& over) -> task<> { (void)co_await over.wait(); }(over_));
  }};
};

class by_post final : public ping_engine {
 public:
  explicit by_post(runtime_options options) : options_(options) {}
  void run(std::uint64_t count) override { runtime_.block_on(ping(count)); }

 private:
  task<> ping(std::uint64_t count) {
    event came;
    for (; count > 0; --count) {
      other_.remote().post([this, &came] { here_.post([&came] { came.set(); }); });
      (void)co_await came.wait();
      came.reset();
    }
  }

  runtime_options options_;
  runtime runtime_ = need(runtime::make(options_));
  remote_runtime here_ = runtime_.remote();
  other_runtime other_{options_};
};

class by_channel final : public ping_engine {
 public:
  by_channel() {
    other_.remote().post([this] {
      spawn(
          [](remote_channel<int> from, remote_channel<int> to) -> task<> {
            for (;;) {
              const result<int> value = co_await from.receive();
              if (!value) co_return;
              (void)co_await to.send(*value);
            }
          },
          there_, back_)
          .detach();
    });
  }
  by_channel(const by_channel&) = delete;
  by_channel& operator=(const by_channel&) = delete;
  ~by_channel() override { there_.close(); }
  void run(std::uint64_t count) override { runtime_.block_on(ping(count)); }

 private:
  task<> ping(std::uint64_t count) {
    for (; count > 0; --count) {
      (void)co_await there_.send(1);
      const result<int> value = co_await back_.receive();
      if (!value) fail("a channel was closed");
    }
  }

  runtime runtime_ = need(runtime::make());
  remote_channel<int> there_{1};
  remote_channel<int> back_{1};
  other_runtime other_;
};

}  // namespace

std::unique_ptr<ping_engine> pings_by_post(std::chrono::microseconds spin) {
  return std::make_unique<by_post>(runtime_options{.spin = spin});
}
std::unique_ptr<ping_engine> pings_by_channel() { return std::make_unique<by_channel>(); }

}  // namespace bench
