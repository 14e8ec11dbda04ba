// usage: deny_io_uring EPERM|EACCES|ENOSYS|ENOMEM setup|enter|register|buffers PROGRAM
// [ARGUMENT]... Runs a program under a seccomp filter that refuses one of the calls, or the
// registration of buffers only.
#include <seccomp.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string_view>

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const std::string_view error = argv[1];
  const std::string_view what = argv[2];
  const int number = error == "ENOSYS"   ? ENOSYS
                     : error == "ENOMEM" ? ENOMEM
                     : error == "EACCES" ? EACCES
                                         : EPERM;
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  const auto action = SCMP_ACT_ERRNO(static_cast<unsigned>(number));
  int added = 0;
  if (what == "setup") {
    added = seccomp_rule_add(filter, action, SCMP_SYS(io_uring_setup), 0);
  } else if (what == "enter") {
    added = seccomp_rule_add(filter, action, SCMP_SYS(io_uring_enter), 0);
  } else if (what == "register") {
    added = seccomp_rule_add(filter, action, SCMP_SYS(io_uring_register), 0);
  } else {
    constexpr unsigned register_buffers = 0;  // IORING_REGISTER_BUFFERS and, since 5.13, with tags
    constexpr unsigned register_buffers2 = 15;
    for (const unsigned opcode : {register_buffers, register_buffers2}) {
      const scmp_arg_cmp is_opcode{.arg = 1, .op = SCMP_CMP_EQ, .datum_a = opcode, .datum_b = 0};
      added |= seccomp_rule_add_array(filter, action, SCMP_SYS(io_uring_register), 1, &is_opcode);
    }
  }
  if (added != 0 || seccomp_load(filter) != 0) {
    std::perror("deny_io_uring");
    return 77;
  }
  execvp(argv[3], argv + 3);
  std::perror(argv[3]);
  return 98;
}
