#include "carousel/detail/loop/remote_call.hpp"

#include <cstdio>
#include <exception>

namespace carousel::detail {

void exception_escaped(const char* whose) noexcept {
  try {
    throw;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "carousel: an exception escaped from %s: %s\n", whose, e.what());
  } catch (...) {
    std::fprintf(stderr, "carousel: an exception escaped from %s\n", whose);
  }
  std::terminate();
}

}  // namespace carousel::detail
