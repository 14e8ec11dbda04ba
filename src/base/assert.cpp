#include "carousel/detail/base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace carousel::detail {

void assertion_failed(const char* condition, const char* sentence, const char* file,
                      int line) noexcept {
  std::fprintf(stderr, "carousel: %s\n  (%s, %s:%d)\n", sentence, condition, file, line);
  std::abort();
}

}  // namespace carousel::detail
