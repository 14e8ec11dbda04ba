#!/usr/bin/env bash
# io_uring_submit_and_wait_timeout() that timed out returns success, and a null completion.
#
# One would guess: it is io_uring_wait_cqes() that submits too. A time-out is -ETIME, as there, and a value above 0 means that
# *cqe_ptr is a completion.
# What happens: the system call has one result for two questions. When it submitted something, its result is how many; what
# ended the wait - the time, a signal - is lost. The helper hands that on: 1 and a null pointer. The same call with nothing to
# submit returns -ETIME. (Before liburing 2.3 both did.) So the time-out shows only in rounds without new work, and an idle test
# never sees the other answer.
# For whom it matters: who writes an event loop on liburing with a deadline. The completion is used after `if (n < 0)`; that
# works until the first deadline that passes in a busy round.
# What follows for our users: look at the completion queue (io_uring_peek_cqe), never at the returned number, to learn whether
# something completed, and at a clock for whether time is up. Carousel's loop does both itself.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages liburing-dev=2.3-3 liburing2=2.3-3

cat >timed.c <<'C'
#include <liburing.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void wait_a_little(struct io_uring *ring) {
  struct __kernel_timespec little = {.tv_nsec = 10000000};
  struct io_uring_cqe *cqe = NULL;
  const int n = io_uring_submit_and_wait_timeout(ring, &cqe, 1, &little, NULL);
  printf("%s%d, %s\n", n < 0 ? strerrorname_np(-n) : "", n, cqe ? "a completion" : "no completion");
}

int main(void) {
  struct io_uring ring;
  int ends[2];
  char byte;
  if (pipe(ends) != 0 || io_uring_queue_init(8, &ring, 0) != 0) return 2;
  io_uring_prep_read(io_uring_get_sqe(&ring), ends[0], &byte, 1, 0);
  wait_a_little(&ring);
  wait_a_little(&ring);
  if (write(ends[1], "x", 1) != 1) return 2;
  wait_a_little(&ring);
  io_uring_queue_exit(&ring);
  return 0;
}
C
gcc -D_GNU_SOURCE -o timed timed.c -I"$root/usr/include" "$root/usr/lib/x86_64-linux-gnu/liburing.a"
./timed >seen || { echo "no io_uring here"; exit 2; }
echo "version    liburing 2.3 on Linux $(uname -r)"
expect "timed out, one read submitted" "$(sed -n 1p seen)" "1, no completion"
expect "timed out, nothing to submit" "$(sed -n 2p seen)" "ETIME-62, no completion"
expect "completed, nothing to submit" "$(sed -n 3p seen)" "0, a completion"
