#include "fake/trace.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace carousel::fake {
namespace {

constexpr std::size_t printed = 40;

std::string& replay() {
  static std::string command;
  return command;
}

}  // namespace

void trace::set_replay(std::string command) { replay() = std::move(command); }

const std::string& trace::replay_command() noexcept { return replay(); }

void trace::add(std::chrono::nanoseconds at, std::uint64_t operation, const char* what,
                std::int64_t detail) {
  const event e{.at = at, .operation = operation, .what = what, .detail = detail};
  if (events_.size() < kept) {
    events_.push_back(e);
  } else {
    events_[count_ % kept] = e;
  }
  ++count_;
}

template <class F>
void trace::for_each(F f) const {
  const std::size_t first = count_ > kept ? count_ - kept : 0;
  for (std::size_t i = first; i < count_; ++i) f(i, events_[i % kept]);
}

void trace::print(const event& e) {
  const char* const error = e.detail < 0 ? strerrorname_np(static_cast<int>(-e.detail)) : nullptr;
  std::fprintf(stderr, "  %10" PRId64 " us  #%-5" PRIu64 " %s %" PRId64 " %s\n",
               static_cast<std::int64_t>(e.at.count() / 1000), e.operation, e.what, e.detail,
               error != nullptr ? error : "");
}

void trace::fail(std::uint64_t operation, std::string_view sentence) const {
  std::fprintf(stderr, "fake kernel: %.*s\n", static_cast<int>(sentence.size()), sentence.data());
  if (operation != 0) {
    std::fprintf(stderr, " operation #%" PRIu64 ":\n", operation);
    for_each([&](std::size_t, const event& e) {
      if (e.operation == operation) print(e);
    });
  }
  std::fprintf(stderr, " the last events of all:\n");
  for_each([&](std::size_t i, const event& e) {
    if (i + printed >= count_) print(e);
  });
  std::fprintf(stderr, " options: %s\n", options_.c_str());
  if (!replay().empty()) std::fprintf(stderr, " again: %s\n", replay().c_str());
  std::abort();
}

}  // namespace carousel::fake
