#!/usr/bin/env bash
# Open MPI 4.1 takes MPI_File_set_atomicity(file, 1), says so when asked, and writes as before.
#
# One would guess: a mode that a library cannot keep is refused, as MPI lets it. Where it is taken, one MPI_File_write of
# several pieces shows to the other ranks as a whole or not at all, as the standard says of atomic mode.
# What happens: Open MPI's own I/O (ompio, the default but for Lustre) keeps the flag and never reads it. A write of four pieces
# is four pwritev calls without a lock. When two ranks write the same pieces, the file may hold some of one and some of the
# other. The ROMIO that the same package carries (--mca io romio321) takes a lock for it and does the write as one.
# For whom it matters: parallel programs that update a shared table or header in place and rely on atomic mode, and parallel
# HDF5, whose H5Fset_mpi_atomicity hands on this flag. It shows under load, on few machines, and in no return code.
# What follows for our users: MPI_File_get_atomicity proves nothing; choose ROMIO, or lock. A file that such a job writes is to
# be copied when the job has closed it.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

source "$(dirname "$script")/lib/open_mpi.sh"

cat >pieces.c <<'C'
#include <mpi.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int rank;
static int slow;  // rank 0 is, after the first call that writes to the file

static void wait_for(const char *name) {
  for (int i = 0; i < 200 && access(name, F_OK) != 0; ++i) usleep(10000);
}

static void mark(const char *name) { fclose(fopen(name, "w")); }

// In place of libc's, for the library: rank 0 gets off the processor for two seconds, or until rank 1 has written.
static ssize_t then_be_slow(ssize_t written) {
  if (slow) {
    slow = 0;
    mark("begun");
    wait_for("rank 1 has written");
  }
  return written;
}
ssize_t pwritev(int fd, const struct iovec *pieces, int n, off_t offset) {
  return then_be_slow(syscall(SYS_pwritev, fd, pieces, n, offset, 0));
}
ssize_t pwrite(int fd, const void *bytes, size_t n, off_t offset) {
  return then_be_slow(syscall(SYS_pwrite64, fd, bytes, n, offset));
}
ssize_t pwrite64(int fd, const void *bytes, size_t n, off_t offset) { return pwrite(fd, bytes, n, offset); }

int main(int argc, char **argv) {
  int atomic = 0;
  MPI_File file;
  MPI_Datatype pieces;
  char letters[16];
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  memset(letters, 'a' + rank, sizeof letters);

  // Four pieces of 4 bytes, 8 apart.
  MPI_Type_vector(4, 4, 8, MPI_CHAR, &pieces);
  MPI_Type_commit(&pieces);
  if (MPI_File_open(MPI_COMM_WORLD, "shared", MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &file) != MPI_SUCCESS) return 2;
  if (MPI_File_set_atomicity(file, 1) != MPI_SUCCESS) return 3;
  MPI_File_get_atomicity(file, &atomic);
  MPI_File_set_view(file, 0, MPI_CHAR, pieces, "native", MPI_INFO_NULL);

  slow = rank == 0;
  if (rank == 1) wait_for("begun");
  MPI_File_write_at(file, 0, letters, sizeof letters, MPI_CHAR, MPI_STATUS_IGNORE);
  if (rank == 1) mark("rank 1 has written");
  MPI_File_close(&file);
  if (rank == 0) printf("atomic mode %d\n", atomic);
  MPI_Finalize();
  return 0;
}
C
gcc -rdynamic -o pieces pieces.c -I"$lib/openmpi/include" -L"$lib" -l:libmpi.so.40 -Wl,-rpath-link,"$LD_LIBRARY_PATH" \
  -Wl,--allow-shlib-undefined
echo "version    $(ompi_info --version | head -1)"

# raced IO: what the mode is, and the pieces that stand in the file when both ranks have written theirs.
raced() {
  rm -f shared begun "rank 1 has written"
  orterun --oversubscribe -np 2 --mca io "$1" --mca pml ob1 --mca btl self,vader \
    ./pieces 2>complaints || { cat complaints; return; }
  tr -cd ab <shared
}
expect "ROMIO, the second of two writes waits" "$(raced romio321 | paste -sd:)" "atomic mode 1:bbbbbbbbbbbbbbbb"
expect "ompio, pieces of both stay" "$(raced ompio | paste -sd:)" "atomic mode 1:bbbbaaaaaaaaaaaa"
