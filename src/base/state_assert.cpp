#include "base/state_assert.hpp"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace carousel::detail {

void wrong_state(const char* condition, const char* file, int line, const char* sentence,
                 ...) noexcept {
  std::va_list numbers;
  va_start(numbers, sentence);
  std::fputs("carousel: ", stderr);
  std::vfprintf(stderr, sentence, numbers);
  va_end(numbers);
  std::fprintf(stderr, "\n  (%s, %s:%d)\n", condition, file, line);
  std::abort();
}

const char* errno_name(int result) noexcept {
  const char* const name = result < 0 ? ::strerrorname_np(-result) : nullptr;
  return name != nullptr ? name : "";
}

}  // namespace carousel::detail
