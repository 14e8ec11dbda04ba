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

packages openmpi-bin=4.1.4-3+b1 openmpi-common=4.1.4-3 libopenmpi3=4.1.4-3+b1 libopenmpi-dev=4.1.4-3+b1 libpmix2=4.2.2-1+deb12u1 \
  libhwloc15=2.9.0-1 libevent-core-2.1-7=2.1.12-stable-8+deb12u1 libevent-pthreads-2.1-7=2.1.12-stable-8+deb12u1 \
  libucx0=1.13.1-1 libfabric1=1.17.0-3 libmunge2=0.5.15-2+deb12u1 libpsm2-2=11.2.185-2 libibverbs1=44.0-2 librdmacm1=44.0-2 \
  libnl-3-200=3.7.0-0.2+b1 libnl-route-3-200=3.7.0-0.2+b1 libnuma1=2.0.16-1
lib=$root/usr/lib/x86_64-linux-gnu
export OPAL_PREFIX=$root/usr OPAL_LIBDIR=$lib/openmpi/lib OPAL_PKGDATADIR=$root/usr/share/openmpi
export OPAL_SYSCONFDIR=$root/etc/openmpi
export PMIX_INSTALL_PREFIX=$lib/pmix2 PMIX_PKGDATADIR=$root/usr/share/pmix2 PMIX_MCA_gds=hash TMPDIR=$folder/t
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
mkdir t
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
