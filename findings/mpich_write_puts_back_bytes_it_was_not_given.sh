#!/usr/bin/env bash
# MPI_File_write of a few pieces, to a file opened for writing only, reads the file and writes old bytes back between them.
#
# One would guess: what is not in the view is not touched. Two programs that write different bytes of a file need no lock, and
# MPI_MODE_WRONLY cannot read.
# What happens: ROMIO, the I/O of MPICH and of the MPIs made from it, opens the file for reading too, reads the whole range into
# a buffer, puts the pieces in and writes all of it: one large write is cheaper than many small ones. Its fcntl lock keeps other
# ROMIO writers out, and nobody else. What another program wrote to the gaps in between is undone, and no call fails.
# For whom it matters: jobs whose result file is also written by a program without MPI: a monitor that stamps a header, a repair
# tool, a transfer that fills in blocks, POSIX code of the same job.
# What follows for our users: do not copy into, or patch, a file that an MPI job has open, not even bytes that it never writes.
# In the job the hint romio_ds_write=disable makes ROMIO write the pieces alone.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages libmpich-dev=4.0.2-3+b1 libmpich12=4.0.2-3+b1 libhwloc15=2.9.0-1 libucx0=1.13.1-1 libnuma1=2.0.16-1
lib=$root/usr/lib/x86_64-linux-gnu

cat >pieces.c <<'C'
#include <fcntl.h>
#include <mpi.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int stamped;

// Another program's write of bytes 4 to 7, which are in no view.
static void stamp(void) {
  const int fd = open("results", O_WRONLY);
  if (syscall(SYS_pwrite64, fd, "done", 4, 4) != 4) _exit(2);
  close(fd);
}

// In place of libc's, for the library: the other program comes just before the job's first write.
ssize_t pwrite(int fd, const void *bytes, size_t n, off_t offset) {
  if (!stamped) {
    stamped = 1;
    stamp();
  }
  return syscall(SYS_pwrite64, fd, bytes, n, offset);
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  MPI_Init(&argc, &argv);
  MPI_Info hints;
  MPI_Info_create(&hints);
  MPI_Info_set(hints, "romio_ds_write", argv[1]);
  MPI_File file;
  if (MPI_File_open(MPI_COMM_WORLD, "results", MPI_MODE_WRONLY, hints, &file) != MPI_SUCCESS) return 2;

  // Four pieces of 4 bytes, 8 apart.
  MPI_Datatype pieces;
  MPI_Type_vector(4, 4, 8, MPI_CHAR, &pieces);
  MPI_Type_commit(&pieces);
  MPI_File_set_view(file, 0, MPI_CHAR, pieces, "native", MPI_INFO_NULL);
  if (MPI_File_write_at(file, 0, "aaaabbbbccccdddd", 16, MPI_CHAR, MPI_STATUS_IGNORE) != MPI_SUCCESS) return 2;
  MPI_File_close(&file);
  MPI_Type_free(&pieces);
  MPI_Info_free(&hints);
  MPI_Finalize();
  return 0;
}
C
build() {
  gcc -rdynamic -o "$1" "$1.c" -I"$root/usr/include/x86_64-linux-gnu/mpich" -L"$lib" -l:libmpich.so.12 \
    -Wl,-rpath-link,"$lib" -Wl,--allow-shlib-undefined
}
cat >version.c <<'C'
#include <mpi.h>
#include <stdio.h>

int main(void) {
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length;
  MPI_Get_library_version(text, &length);
  puts(text);
  return 0;
}
C
build version
build pieces
echo "version    $(./version | head -1 | tr -s '\t ' ' ')"

# written HINT: what stands in the file in the end, of 28 bytes that were points.
written() {
  printf '............................' >results
  ./pieces "$1"
  cat results
}
expect "with data sieving, the default" "$(written automatic)" "aaaa....bbbb....cccc....dddd"
expect "with romio_ds_write=disable" "$(written disable)" "aaaadonebbbb....cccc....dddd"
