#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cstddef>
#include <initializer_list>
#include <vector>

namespace carousel::test {

/// A system call that a filter refuses.
struct refused_call {
  static constexpr unsigned any = ~0U;
  unsigned number;
  unsigned error;                  ///< 0: the process is killed with SIGSYS
  unsigned second_argument = any;  ///< only with this one: io_uring_register's opcode
};

/// From now on these system calls fail in this process and in its children. False where seccomp is
/// not available.
[[nodiscard]] inline bool refuse(std::initializer_list<refused_call> calls) {
  std::vector<sock_filter> filter;
  for (const refused_call& call : calls) {
    const bool any = call.second_argument == refused_call::any;
    const unsigned char skipped = any ? 1 : 3;
    filter.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call.number, 0, skipped));
    if (!any) {
      filter.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[1])));
      filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call.second_argument, 0, 1));
    }
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, call.error != 0 ? SECCOMP_RET_ERRNO | call.error
                                                               : SECCOMP_RET_KILL_PROCESS));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program{.len = static_cast<unsigned short>(filter.size()),
                           .filter = filter.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace carousel::test
