#!/usr/bin/env bash
# liburing's io_uring_prep_openat_direct with IORING_FILE_INDEX_ALLOC opens an ordinary descriptor, and writes land in another file.
#
# One would guess: the manual of 2.3 says that with IORING_FILE_INDEX_ALLOC the kernel picks a free slot of the ring's table of
# files and returns its index.
# What happens: 2.3 adds one to the slot, as the kernel wants it for a slot given by number, and all ones plus one is 0: "not
# direct". The open succeeds, with a descriptor of the process as its result. Who takes that for an index either gets EBADF, or,
# when a slot of this number is in use, reads and writes the file that is there. So do io_uring_prep_openat2_direct and
# io_uring_prep_socket_direct; io_uring_prep_socket_direct_alloc is right. The descriptors leak.
# For whom it matters: storage engines and servers that keep files in the ring's table, built on Debian 12. One file's rows in
# another file, and each result is a full count. Later releases of liburing are right.
# What follows for our users: give slots by number, or set sqe->file_index to IORING_FILE_INDEX_ALLOC after the call.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages liburing-dev=2.3-3 liburing2=2.3-3
cat >table.c <<'C'
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
#include <string.h>

static struct io_uring ring;

static int done(void) {
  struct io_uring_cqe *cqe;
  io_uring_submit(&ring);
  if (io_uring_wait_cqe(&ring, &cqe) != 0) return -1;
  int result = cqe->res;
  io_uring_cqe_seen(&ring, cqe);
  return result;
}

static int opened(const char *name, unsigned slot, int by_hand) {
  struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
  io_uring_prep_openat_direct(sqe, AT_FDCWD, name, O_WRONLY | O_CREAT, 0644, slot);
  if (by_hand) sqe->file_index = slot;
  return done();
}

static int written(int slot, const char *text) {
  struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
  io_uring_prep_write(sqe, slot, text, strlen(text), 0);
  sqe->flags |= IOSQE_FIXED_FILE;
  return done();
}

int main(void) {
  if (io_uring_queue_init(4, &ring, 0) != 0 || io_uring_register_files_sparse(&ring, 64) != 0) return 2;
  // A table in use: whatever small number comes back, there is a file.
  for (unsigned slot = 0; slot < 32; ++slot)
    if (opened("accounts", slot, 0) != 0) return 2;
  if (written(0, "accounts") != 8) return 2;

  int index = opened("log", IORING_FILE_INDEX_ALLOC, 0);
  printf("%s\n", index < 32 ? "in use" : "free");
  printf("%s\n", fcntl(index, F_GETFD) >= 0 ? "a descriptor" : "none");
  printf("%d\n", written(index, "log line"));
  int right = opened("log", IORING_FILE_INDEX_ALLOC, 1);
  printf("%s\n", right >= 32 && fcntl(right, F_GETFD) < 0 ? "a free slot" : "something else");
  return 0;
}
C
gcc -o table table.c -I"$root/usr/include" -L"$root/usr/lib/x86_64-linux-gnu" -l:liburing.so.2
echo "version    liburing 2.3, Linux $(uname -r)"
./table >seen
expect "the slot of the number that comes back" "$(sed -n 1p seen)" "in use"
expect "the number among the process's descriptors" "$(sed -n 2p seen)" "a descriptor"
expect "result of a write of 8 bytes to that slot" "$(sed -n 3p seen)" 8
expect "the file that was opened" "$(cat log)" ""
expect "the file that the write went to" "$(cat accounts)" "log line"
expect "with the index set by hand" "$(sed -n 4p seen)" "a free slot"
