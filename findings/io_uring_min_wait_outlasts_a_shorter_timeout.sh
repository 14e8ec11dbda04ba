#!/usr/bin/env bash
# A minimum wait that is longer than the timeout of the same io_uring_enter() wins: the timeout is not looked at before.
#
# One would guess: io_uring_enter() with both a timeout and min_wait_usec (Linux 6.12, io_uring_submit_and_wait_min_timeout() of
# liburing 2.8) ends with whichever comes first. The manual says that it waits for so many completions, or until the timeout
# expires; the minimum is for the size of the batch.
# What happens: the kernel arms one timer, for the minimum. Only when that has fired without a completion the timer is armed again,
# for the timeout, which by then may be long over: a deadline of 5 ms passes after 200 ms, with the usual ETIME, as if in time.
# For whom it matters: who writes an event loop that batches the wake-ups of a disk and has timers too. Each timer that is due
# sooner than the minimum fires late, by as much as the minimum; nothing tells.
# What follows for our users: give a minimum only when the next timer is further away. Carousel's loop does that, and its fake kernel
# keeps a timeout waiting as Linux does.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages liburing-dev=2.3-3 liburing2=2.3-3

cat >minimum.c <<'C'
#include <errno.h>
#include <liburing.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* struct io_uring_getevents_arg since Linux 6.12 */
struct wait_argument {
  __u64 sigmask;
  __u32 sigmask_sz, min_wait_usec;
  __u64 ts;
};

static long now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void wait_for_two(struct io_uring *ring, unsigned min_wait_ms) {
  struct __kernel_timespec timeout = {.tv_nsec = 5000000};
  struct wait_argument argument = {
      .sigmask_sz = 8, .min_wait_usec = min_wait_ms * 1000, .ts = (__u64)(unsigned long)&timeout};
  const long begin = now_ms();
  const long n = syscall(SYS_io_uring_enter, ring->ring_fd, 0, 2,
                         IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &argument, sizeof argument);
  printf("%s, %s\n", n < 0 ? strerrorname_np(errno) : "completions",
         now_ms() - begin >= 200 ? "after 200 ms or more" : "before 200 ms");
}

int main(void) {
  struct io_uring ring;
  struct io_uring_params how = {0};
  if (io_uring_queue_init_params(8, &ring, &how) != 0) return 2;
  if ((how.features & (1U << 15)) == 0) return 3; /* IORING_FEAT_MIN_TIMEOUT */
  wait_for_two(&ring, 0);
  wait_for_two(&ring, 200);
  io_uring_queue_exit(&ring);
  return 0;
}
C
gcc -D_GNU_SOURCE -o minimum minimum.c -I"$root/usr/include" "$root/usr/lib/x86_64-linux-gnu/liburing.a"
./minimum >seen || { echo "no io_uring here, or no minimum (before Linux 6.12)"; exit 2; }
echo "version    Linux $(uname -r)"
expect "a timeout of 5 ms" "$(sed -n 1p seen)" "ETIME, before 200 ms"
expect "the same, and a minimum of 200 ms" "$(sed -n 2p seen)" "ETIME, after 200 ms or more"
