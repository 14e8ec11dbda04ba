#!/usr/bin/env bash
# glibc's aio_write(3) waits for the aio_read(3) on the same descriptor, even if that never ends.
#
# One would guess: requests of POSIX AIO are independent. Forty reads of a file are forty threads' work, and a socket can be
# read and written at the same time.
# What happens: glibc keeps one queue per descriptor and works on one request of it at a time. A write behind a read for which
# nothing has arrived stays EINPROGRESS; a request-and-answer protocol on one socket never sends its request. A descriptor from
# dup(2) has a queue of its own, and there the same write is done at once.
# For whom it matters: who ports a storage engine from other systems' AIO, or measures "POSIX AIO at queue depth 32": on one
# descriptor the device sees a depth of 1, whatever aio_init says about threads.
# What follows for our users: figures of POSIX AIO on Linux compare a queue of one with io_uring; open or dup the file once per
# request for a fair one. Code that falls back to it needs a descriptor for each direction.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages libc6=2.36-9+deb12u14
cat >both_ways.c <<'C'
#include <aio.h>
#include <gnu/libc-version.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *ended_within_a_second(struct aiocb *request) {
  const struct aiocb *all[] = {request};
  const struct timespec second = {.tv_sec = 1};
  aio_suspend(all, 1, &second);
  return strerror(aio_error(request));
}

int main(void) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 2;
  char answer[4], request[] = "ping";
  struct aiocb read = {.aio_fildes = ends[0], .aio_buf = answer, .aio_nbytes = 4};
  struct aiocb write = {.aio_fildes = ends[0], .aio_buf = request, .aio_nbytes = 4};
  struct aiocb write_by_dup = {.aio_fildes = dup(ends[0]), .aio_buf = request, .aio_nbytes = 4};
  if (aio_read(&read) != 0 || aio_write(&write) != 0) return 2;
  printf("glibc %s\n", gnu_get_libc_version());
  printf("%s\n", ended_within_a_second(&write));
  if (aio_write(&write_by_dup) != 0) return 2;
  printf("%s\n", ended_within_a_second(&write_by_dup));
  return 0;
}
C
unset LD_LIBRARY_PATH  # this libc is for the one program below only
gcc -o both_ways both_ways.c
"$root/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" --library-path "$root/lib/x86_64-linux-gnu" ./both_ways >seen
echo "version    $(sed -n 1p seen)"
expect "aio_write behind an aio_read without data, after a second" "$(sed -n 2p seen)" "Operation now in progress"
expect "aio_write through a dup of the same socket" "$(sed -n 3p seen)" Success
