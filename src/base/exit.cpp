#include "carousel/detail/base/exit.hpp"

#include <dlfcn.h>

#include <atomic>
#include <cstdlib>

namespace carousel::detail {
namespace {

constinit std::atomic<bool> exiting = false;

}  // namespace

void watch_exit() noexcept {
  static const int watched = std::atexit([] { exiting = true; });
  (void)watched;
}

bool destroyed_by_exit(const void* object) noexcept {
  // What is static and was made after the watch began is destroyed before that ends, but lies in
  // the memory of a program or library.
  Dl_info where{};
  return exiting || dladdr(object, &where) != 0;
}

}  // namespace carousel::detail
