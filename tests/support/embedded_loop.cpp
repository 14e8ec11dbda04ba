#include "support/embedded_loop.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <utility>

#include "fake/kernel.hpp"
#include "loop/runtime_access.hpp"
#include "support/make_runtime.hpp"

namespace carousel::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds for_ever = std::chrono::minutes(1);

/// True: it is readable.
bool wait_for(int fd, milliseconds at_most) {
  pollfd readable{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&readable, 1, static_cast<int>(at_most.count())) == 1;
}

}  // namespace

embedded_loop::embedded_loop(runtime_options options) : embedded_loop(make_kernel(), options) {}

embedded_loop::embedded_loop(std::unique_ptr<sys::kernel> kernel, runtime_options options)
    : fake_(dynamic_cast<fake::kernel*>(kernel.get())),
      rt(detail::runtime_access::make(std::move(kernel), options).value()) {
  if (fake_ != nullptr) fake_->wait_for_signal(nanoseconds::zero());
}

int embedded_loop::fd() {
  if (fd_ < 0) fd_ = rt.event_fd().value();
  return fd_;
}

bool embedded_loop::has_signal() { return wait_for(fd(), milliseconds(0)); }

void embedded_loop::let_pass(nanoseconds at_most) {
  const int readable = fd();
  if (fake_ != nullptr) return fake_->wait_for_signal(at_most);
  // What rounds up to milliseconds here may_wait() has rounded before.
  const auto limit = std::min<nanoseconds>(at_most, for_ever);
  if (wait_for(readable, std::chrono::ceil<milliseconds>(limit)) || limit < for_ever) return;
  std::fprintf(stderr, "the program was told to wait, and nothing came for a minute\n");
  std::abort();
}

void embedded_loop::be_away(nanoseconds duration) {
  if (fake_ == nullptr) return std::this_thread::sleep_for(duration);
  fake_->pause(duration);
  fake_->wait_for_signal(nanoseconds::zero());
}

void embedded_loop::take_signal() {
  if (fd_ < 0 || !has_signal()) return;
  std::uint64_t count = 0;
  (void)!::read(fd_, &count, sizeof count);
}

void embedded_loop::wait() {
  const nanoseconds at_most = rt.may_wait();
  if (at_most != nanoseconds::zero()) let_pass(at_most);
  take_signal();
}

void embedded_loop::turn() {
  wait();
  ++polls;
  if (!rt.poll()) std::abort();
}

void embedded_loop::run_until(const bool& done) {
  while (!done) turn();
}

void embedded_loop::settle() {
  while (rt.may_wait() == nanoseconds::zero()) turn();
  take_signal();
}

}  // namespace carousel::test
