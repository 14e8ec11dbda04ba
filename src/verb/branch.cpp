#include "carousel/detail/verb/branch.hpp"

#include <cstdio>
#include <system_error>

#include "base/state_assert.hpp"

namespace carousel::detail {
namespace {

/// The exception that is being handled says that somebody was asked to stop.
[[nodiscard]] bool is_canceled() noexcept {
  try {
    throw;
  } catch (const std::system_error& e) {
    return e.code() == errc::canceled;
  } catch (...) {
    return false;
  }
}

}  // namespace

std::coroutine_handle<> branch_group::ended(std::size_t index) noexcept {
  if (first == none) {
    first = index;
    if (end == ends_with::first) scope.request_stop();
  }
  CAROUSEL_ASSERT_STATE(
      running != 0, "branch %zu of a when_all or when_any has ended after all of them had", index);
  if (--running == 0) return continuation;
  return std::noop_coroutine();
}

void branch_group::failed() noexcept {
  if (scope.stopped() && is_canceled()) {
    if (!stopped) stopped = std::current_exception();
    return;
  }
  if (!failure) {
    failure = std::current_exception();
    scope.request_stop();
    return;
  }
  try {
    throw;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "carousel: a second branch of a when_all or when_any failed: %s\n",
                 e.what());
  } catch (...) {
    std::fprintf(stderr, "carousel: a second branch of a when_all or when_any failed\n");
  }
}

}  // namespace carousel::detail
