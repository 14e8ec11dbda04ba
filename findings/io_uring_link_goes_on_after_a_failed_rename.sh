#!/usr/bin/env bash
# A linked request is started although the rename, the fsync or the fallocate before it has failed.
#
# One would guess: IOSQE_IO_LINK means "only if the one before has succeeded". The manual says that an error breaks the chain and
# cancels what is left of it (ECANCELED); a failed open or a short read does that.
# What happens: requests that the kernel hands to a worker, and whose result is that of one system call, do not mark their link as
# broken: rename, unlink, mkdir, link, symlink, fsync, fallocate, ftruncate, statx, shutdown. Such a one fails with its usual error,
# and the next one runs. Here the backup could not be renamed into place, and the file that it was to replace is removed all the same.
# For whom it matters: who publishes files with one submission - write, fsync, rename, unlink. That is what links look made for; the
# name appears after a failed fsync, and the old version goes after a failed rename. It works until the first error.
# What follows for our users: link nothing behind these; wait for their result. Carousel's linked() refuses it at compile time.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages liburing-dev=2.3-3 liburing2=2.3-3

cat >linked.c <<'C'
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct io_uring ring;

/* The results of a request and of the one that is linked to it, in this order. */
static void run_two(const char *what) {
  int res[2] = {0, 0};
  io_uring_submit_and_wait(&ring, 2);
  for (int i = 0; i < 2; ++i) {
    struct io_uring_cqe *cqe;
    if (io_uring_wait_cqe(&ring, &cqe) != 0) return;
    res[cqe->user_data] = cqe->res;
    io_uring_cqe_seen(&ring, cqe);
  }
  printf("%s %s, then %s\n", what, res[0] < 0 ? strerrorname_np(-res[0]) : "success",
         res[1] < 0 ? strerrorname_np(-res[1]) : "success");
}

int main(void) {
  struct io_uring_sqe *first, *second;
  if (io_uring_queue_init(8, &ring, 0) != 0) return 2;

  first = io_uring_get_sqe(&ring);
  io_uring_prep_openat(first, AT_FDCWD, "missing", O_RDONLY, 0);
  first->flags |= IOSQE_IO_LINK, first->user_data = 0;
  second = io_uring_get_sqe(&ring);
  io_uring_prep_unlinkat(second, AT_FDCWD, "kept", 0);
  second->user_data = 1;
  run_two("open:");

  first = io_uring_get_sqe(&ring);
  io_uring_prep_renameat(first, AT_FDCWD, "missing", AT_FDCWD, "published", 0);
  first->flags |= IOSQE_IO_LINK, first->user_data = 0;
  second = io_uring_get_sqe(&ring);
  io_uring_prep_unlinkat(second, AT_FDCWD, "old", 0);
  second->user_data = 1;
  run_two("rename:");

  int ends[2];
  if (pipe(ends) != 0) return 2;
  first = io_uring_get_sqe(&ring);
  io_uring_prep_fsync(first, ends[1], 0); /* a pipe cannot be synced: EINVAL, as from fsync(2) */
  first->flags |= IOSQE_IO_LINK, first->user_data = 0;
  second = io_uring_get_sqe(&ring);
  io_uring_prep_renameat(second, AT_FDCWD, "new", AT_FDCWD, "published", 0);
  second->user_data = 1;
  run_two("fsync:");

  io_uring_queue_exit(&ring);
  return 0;
}
C
gcc -D_GNU_SOURCE -o linked linked.c -I"$root/usr/include" "$root/usr/lib/x86_64-linux-gnu/liburing.a"
touch kept old new
./linked >seen || { echo "no io_uring here"; exit 2; }
echo "version    liburing 2.3 on Linux $(uname -r)"
expect "behind an open that fails" "$(sed -n 1p seen)" "open: ENOENT, then ECANCELED"
expect "behind a rename that fails" "$(sed -n 2p seen)" "rename: ENOENT, then success"
expect "behind a sync that fails" "$(sed -n 3p seen)" "fsync: EINVAL, then success"
expect "what is left" "$(ls | grep -xE 'kept|old|new|published' | tr '\n' ' ')" "kept published "
