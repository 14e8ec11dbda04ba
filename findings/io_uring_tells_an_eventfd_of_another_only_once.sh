#!/usr/bin/env bash
# The eventfd that is registered with an io_uring is told once of what another eventfd wakes, late, and then never again.
#
# One would guess: io_uring_register_eventfd(3) makes the kernel write to the eventfd for every completion, so that a program with
# an epoll loop of its own sees all of them.
# What happens: in a ring with IORING_SETUP_DEFER_TASKRUN, where the completion comes from a write to an eventfd (a read or a poll of it
# is in the ring), Linux 6.18 puts the signal off by milliseconds, lest eventfds wake each other without end, and marks that it has done so.
# The mark is never taken back: each later signal of that kind is left out. A write to a pipe is told every time.
# For whom it matters: programs that embed a ring into their loop and let threads wake it by an eventfd in the ring, as runtimes
# and thread pools do. The first task that is handed over runs, the second waits for something else to happen.
# What follows for our users: runtime::event_fd() is told by whoever posts. With a ring of one's own, let the thread write to the
# registered eventfd itself, or register that again after each time that it was readable.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages liburing-dev=2.3-3 liburing2=2.3-3
cat >woken.c <<'C'
#include <liburing.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int written;

static void *write_late(void *unused) {
  unsigned long one = 1;
  usleep(20000);
  return write(written, &one, sizeof one) == sizeof one ? unused : unused;
}

int main(int argc, char **argv) {
  struct io_uring ring;
  int again = argc > 1 && strcmp(argv[1], "again") == 0;
  int pipe_ends[2] = {-1, -1};
  unsigned long bytes;
  if (io_uring_queue_init(4, &ring, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN) != 0) return 2;
  int told = eventfd(0, EFD_NONBLOCK);
  if (io_uring_register_eventfd(&ring, told) != 0) return 2;
  written = eventfd(0, 0);
  int read_from = written;
  if (argc > 1 && strcmp(argv[1], "pipe") == 0) {
    if (pipe(pipe_ends) != 0) return 2;
    read_from = pipe_ends[0];
    written = pipe_ends[1];
  }
  for (int round = 0; round < 4; ++round) {
    struct io_uring_cqe *cqe;
    pthread_t other;
    io_uring_prep_read(io_uring_get_sqe(&ring), read_from, &bytes, sizeof bytes, -1);
    io_uring_submit(&ring);
    if (again) {
      io_uring_unregister_eventfd(&ring);
      io_uring_register_eventfd(&ring, told);
    }
    while (read(told, &bytes, sizeof bytes) > 0) continue;
    pthread_create(&other, NULL, write_late, NULL);
    struct pollfd wait = {.fd = told, .events = POLLIN};
    printf("%s", poll(&wait, 1, 2000) == 1 ? "told " : "not ");
    pthread_join(other, NULL);
    io_uring_get_events(&ring);
    if (io_uring_peek_cqe(&ring, &cqe) != 0) return 2;
    io_uring_cqe_seen(&ring, cqe);
    while (read(told, &bytes, sizeof bytes) > 0) continue;
  }
  return 0;
}
C
gcc -o woken woken.c -pthread -I"$root/usr/include" -L"$root/usr/lib/x86_64-linux-gnu" -l:liburing.so.2
echo "version    liburing 2.3, Linux $(uname -r)"
expect "four reads of an eventfd" "$(./woken)" "told not not not "
expect "four reads of a pipe" "$(./woken pipe)" "told told told told "
expect "of an eventfd, registered again each time" "$(./woken again)" "told told told told "
