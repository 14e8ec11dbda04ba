#include "carousel/detail/base/assert.hpp"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>

namespace carousel::detail {

void assertion_failed(const char* condition, const char* sentence, const char* file,
                      int line) noexcept {
  std::fprintf(stderr, "carousel: %s\n  (%s, %s:%d)\n", sentence, condition, file, line);
  std::abort();
}

void number_too_large(std::uint64_t value, std::uint64_t most, const char* condition,
                      const char* sentence, const char* file, int line) noexcept {
  std::fprintf(stderr, "carousel: %s: %" PRIu64 " is more than %" PRIu64 "\n  (%s, %s:%d)\n",
               sentence, value, most, condition, file, line);
  std::abort();
}

}  // namespace carousel::detail
