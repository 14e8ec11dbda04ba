#!/usr/bin/env bash
# An empty preadv2 or pwritev2 succeeds with any flag, also with those that the file system, or any kernel at all, refuses.
#
# One would guess: whether a file takes a flag (RWF_DONTCACHE, RWF_ATOMIC, RWF_NOWAIT...) is found out without harm by a transfer of
# no bytes, as an empty write(2) finds errors; preadv2(2) says EOPNOTSUPP for an unknown flag.
# What happens: Linux returns 0 for a vector without bytes before it looks at the flags; a bit that means nothing is fine too. The
# first transfer with bytes says EOPNOTSUPP. Through io_uring the same empty write is refused, so that a probe on one of the two ways
# tells nothing of the other.
# For whom it matters: engines and copy programs that choose at start between uncached, direct and plain writes per file, and
# then fail, or report an error of the disk, with the first block that counts.
# What follows for our users: probe a file that can be read with a read of one byte beyond its end, which changes nothing and is
# refused like any other; else be ready for EOPNOTSUPP at every transfer.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages liburing-dev=2.3-3 liburing2=2.3-3
cat >probe.c <<'C'
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

static const char *said(long result) {
  if (result >= 0) return "taken";
  return result == -EOPNOTSUPP ? "EOPNOTSUPP" : strerror((int)-result);
}

int main(void) {
  const int flags[] = {0x40 /* RWF_ATOMIC */, 0x80 /* RWF_DONTCACHE */, 0x40000000 /* of nobody */};
  const char *names[] = {"atomic", "dontcache", "unknown"};
  char byte = 1;
  struct io_uring ring;
  if (io_uring_queue_init(4, &ring, 0) != 0) return 2;
  int fd = memfd_create("a file in memory", 0);
  for (int i = 0; i < 3; ++i) {
    for (int bytes = 0; bytes < 2; ++bytes) {
      struct iovec v = {&byte, (size_t)bytes};
      struct io_uring_cqe *cqe;
      long written = pwritev2(fd, &v, 1, 0, flags[i]);
      if (written < 0) written = -errno;
      long read = preadv2(fd, &v, 1, 0, flags[i]);
      if (read < 0) read = -errno;
      struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
      io_uring_prep_write(sqe, fd, &byte, (unsigned)bytes, 0);
      sqe->rw_flags = flags[i];
      io_uring_submit(&ring);
      if (io_uring_wait_cqe(&ring, &cqe) != 0) return 2;
      printf("%s %d: %s %s %s\n", names[i], bytes, said(written), said(read), said(cqe->res));
      io_uring_cqe_seen(&ring, cqe);
    }
  }
  return 0;
}
C
gcc -o probe probe.c -I"$root/usr/include" -L"$root/usr/lib/x86_64-linux-gnu" -l:liburing.so.2
echo "version    liburing 2.3, Linux $(uname -r)"
./probe >answers
answers() { sed -n "s/^$1: //p" answers; } # by pwritev2, by preadv2, by io_uring
for flag in atomic dontcache unknown; do
  expect "no bytes with the flag $flag" "$(answers "$flag 0")" "taken taken EOPNOTSUPP"
  expect "one byte with it" "$(answers "$flag 1")" "EOPNOTSUPP EOPNOTSUPP EOPNOTSUPP"
done
