#include "common/output.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include "common/last_error.hpp"

namespace carousel::tool {
namespace {

/// The first failure of each stream; 0: none.
int stdout_error = 0;
int stderr_error = 0;

bool put(std::FILE* stream, std::string_view text) noexcept {
  errno = 0;
  return text.empty() || std::fwrite(text.data(), 1, text.size(), stream) == text.size();
}

void remember(int& first) noexcept {
  if (first == 0) first = errno != 0 ? errno : EIO;
}

}  // namespace

void begin_output() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // The lowest number that is free is this one. Reads and writes of it are EBADF, as if it were
    // closed.
    if (::fcntl(fd, F_GETFD) < 0) (void)::open("/", O_PATH | O_CLOEXEC);
  }
  struct sigaction before{};
  if (sigaction(SIGPIPE, nullptr, &before) != 0 || before.sa_handler == SIG_IGN) return;
  // Not ignored: programs that this one starts would inherit that.
  struct sigaction action{};
  action.sa_handler = [](int) {};
  action.sa_flags = SA_RESTART;
  sigaction(SIGPIPE, &action, nullptr);
}

void say(std::string_view text) noexcept {
  if (!put(stdout, text)) remember(stdout_error);
}

void complain(std::string_view sentence) noexcept {
  // In one write: other programs may have the same stderr.
  try {
    std::string line = "carousel: ";
    line.append(sentence).append("\n");
    if (!put(stderr, line)) remember(stderr_error);
  } catch (const std::bad_alloc&) {
    if (!put(stderr, "carousel: out of memory\n")) remember(stderr_error);
  }
}

void draw(std::string_view text) noexcept {
  (void)put(stderr, text);
  (void)std::fflush(stderr);
}

bool can_draw() noexcept { return ::isatty(STDERR_FILENO) == 1; }

bool agree(std::string_view question) noexcept {
  (void)put(stderr, "carousel: ");
  (void)put(stderr, question);
  draw("? ");
  char first = '\n';
  char c = '\0';
  for (bool begun = false; ::read(STDIN_FILENO, &c, 1) == 1 && c != '\n'; begun = true) {
    if (!begun) first = c;
  }
  return first == 'y' || first == 'Y';
}

int end_output(int status) noexcept {
  errno = 0;
  // Some file systems tell only here that there was no room.
  if (std::fclose(stdout) != 0) remember(stdout_error);
  if (stdout_error != 0) {
    try {
      complain("the output is lost: cannot write to stdout: " + error_text(stdout_error));
    } catch (const std::bad_alloc&) {
      complain("the output is lost");
    }
  }
  const bool lost = stdout_error != 0 || stderr_error != 0;
  return status == 0 && lost ? 1 : status;
}

}  // namespace carousel::tool
