#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

namespace carousel::test {

/// How a child process ended.
struct child_end {
  int code = -1;     ///< of _exit; -1 when a signal ended it
  int signal = 0;    ///< 0 when it exited
  std::string said;  ///< what it wrote on stderr
};

/// Runs f() in a child process, whose exit code is f's value. It gets SIGALRM after a minute.
template <class F>
child_end in_child(F f) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe2");
  const pid_t child = fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) {
    dup2(ends[1], 2);
    alarm(60);
    _exit(f());
  }
  ::close(ends[1]);
  child_end end;
  std::array<char, 4096> some{};
  for (ssize_t n = 0; (n = ::read(ends[0], some.data(), some.size())) > 0;)
    end.said.append(some.data(), static_cast<std::size_t>(n));
  ::close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status)) end.code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  return end;
}

}  // namespace carousel::test
