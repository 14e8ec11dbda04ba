#!/usr/bin/env bash
# MPI_File_write_at of Open MPI 4.1 to a disk that becomes full returns MPI_SUCCESS, and so do the sync and the close after it.
#
# One would guess: an MPI write is whole or an error. That is how ROMIO does it, in MPICH and in the same package (--mca io
# romio321).
# What happens: Open MPI's own I/O (ompio) hands the bytes to the kernel, which writes what still fits, and does not look whether it
# was all. The rest is left. A write behind that, of which nothing can be stored, succeeds as well. Only the status tells, if the
# program asks MPI_Get_count for a write, which one does for reads. A collective write is the same.
# For whom it matters: jobs whose last checkpoint or result is the write that fills the disk, the quota or the limit of a file's size:
# the job ends with success and the file is short.
# What follows for our users: compare the count of each MPI write, as parallel HDF5 does, or choose ROMIO; compare a file's size with
# what the job must have written before the older checkpoint is removed. A copier takes a short file for a whole one.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

source "$(dirname "$script")/lib/open_mpi.sh"
mkdir full
mount -t tmpfs -o size=5M none full

cat >result.c <<'C'
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void tell(const char *what, int error, MPI_Status *status) {
  int count;
  printf("%s: %s", what, error ? "error" : "success");
  if (status && !error) {
    MPI_Get_count(status, MPI_CHAR, &count);
    printf(" (%d)", count >> 20);
  }
  printf("; ");
}

int main(int argc, char **argv) {
  const int size = 8 << 20;
  char *bytes = malloc(size);
  memset(bytes, 1, size);
  MPI_Init(&argc, &argv);
  MPI_File file;
  MPI_Status status;
  if (argc != 2 || MPI_File_open(MPI_COMM_WORLD, argv[1], MPI_MODE_CREATE | MPI_MODE_WRONLY, MPI_INFO_NULL, &file)) return 2;
  tell("write", MPI_File_write_at(file, 0, bytes, size, MPI_CHAR, &status), &status);
  tell("collective", MPI_File_write_at_all(file, 0, bytes, size, MPI_CHAR, &status), &status);
  tell("behind it", MPI_File_write_at(file, size, bytes, size, MPI_CHAR, &status), &status);
  tell("sync", MPI_File_sync(file), NULL);
  tell("close", MPI_File_close(&file), NULL);
  MPI_Finalize();
  return 0;
}
C
gcc -o result result.c -I"$lib/openmpi/include" -L"$lib" -l:libmpi.so.40 -Wl,-rpath-link,"$LD_LIBRARY_PATH" \
  -Wl,--allow-shlib-undefined
echo "version    $(ompi_info --version | head -1)"

# written IO: what the calls return for 8 MiB on a disk of 5, and the size of the file in MiB.
written() {
  orterun -np 1 --mca io "$1" --mca pml ob1 --mca btl self,vader ./result full/file >said 2>complaints || { cat complaints; return; }
  echo "$(cat said)size: $(($(stat --format %s full/file) >> 20))"
  rm full/file
}
expect "ompio" "$(written ompio)" \
  "write: success (5); collective: success (5); behind it: success (0); sync: success; close: success; size: 5"
expect "ROMIO" "$(written romio321)" \
  "write: error; collective: error; behind it: error; sync: success; close: success; size: 5"
umount full
