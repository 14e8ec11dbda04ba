// usage: refuse_calls ERROR CALL[,CALL...] PROGRAM [ARGUMENT]...
// Runs a program whose system calls of these names fail with the error.
#include <seccomp.h>
#include <string.h>
#include <unistd.h>

#include <cstdio>
#include <ranges>
#include <string>
#include <string_view>

namespace {

/// 0: there is none of that name.
unsigned number_of(std::string_view name) {
  constexpr int errors_max = 134;
  for (int i = 1; i < errors_max; ++i) {
    const char* const known = ::strerrorname_np(i);
    if (known != nullptr && name == known) return static_cast<unsigned>(i);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4 || number_of(argv[1]) == 0) return 2;
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  for (const auto part : std::views::split(std::string_view(argv[2]), ',')) {
    const std::string name(part.begin(), part.end());
    const int call = seccomp_syscall_resolve_name(name.c_str());
    if (call == __NR_SCMP_ERROR ||
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(number_of(argv[1])), call, 0) != 0) {
      std::fprintf(stderr, "refuse_calls: %s\n", name.c_str());
      return 77;
    }
  }
  if (seccomp_load(filter) != 0) {
    std::perror("refuse_calls");
    return 77;
  }
  execvp(argv[3], argv + 3);
  std::perror(argv[3]);
  return 98;
}
