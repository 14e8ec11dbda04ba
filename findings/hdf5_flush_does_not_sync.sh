#!/usr/bin/env bash
# After H5Fflush and H5Fclose a file may be nowhere but in the page cache: HDF5 never calls fsync.
#
# One would guess: H5Fflush is the sync of HDF5. The manual says that it brings all buffers to disk at once, and that the system
# is asked to do its part. Programs call it between time steps, so that a crash costs one step.
# What happens: both end with write(2). There is no fsync, fdatasync, msync or O_SYNC with the default driver, nor a property
# that asks for one. After a power cut data, and the tables that lead to them, are there in any mixture.
# For whom it matters: simulations that checkpoint into HDF5 (and netCDF-4, which is HDF5: its nc_sync ends here as well),
# remove the checkpoint before, and go on.
# What follows for our users: after H5Fclose open the file and fsync it, then its folder (or copy it with `carousel cp --sync`),
# before the last checkpoint is removed. From inside, H5Fget_vfd_handle gives the descriptor.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages libhdf5-dev=1.10.8+repack1-1 libhdf5-103-1=1.10.8+repack1-1 libsz2=1.0.6-1+b1 libaec0=1.0.6-1+b1 strace=6.1-0.1

cat >checkpoint.c <<'C'
#include <hdf5.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
  unsigned major, minor, release;
  H5get_libversion(&major, &minor, &release);
  printf("HDF5 %u.%u.%u\n", major, minor, release);

  const hsize_t many = 1 << 20;
  static int step[1 << 20] = {1};
  const hid_t file = H5Fcreate("checkpoint.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t space = H5Screate_simple(1, &many, NULL);
  const hid_t set = H5Dcreate2(file, "step", H5T_NATIVE_INT, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  if (H5Dwrite(set, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, step) < 0) return 1;
  if (H5Fflush(file, H5F_SCOPE_GLOBAL) < 0) return 1;
  H5Dclose(set);
  H5Sclose(space);
  if (H5Fclose(file) < 0) return 1;

  const char *const say = "closed";  // the trace must show a sync where there is one
  return write(2, say, 6) == 6 && fsync(2) <= 0 ? 0 : 1;
}
C
gcc -o checkpoint checkpoint.c -I"$root/usr/include/hdf5/serial" -l:libhdf5_serial.so.103 \
  -L"$root/usr/lib/x86_64-linux-gnu" -Wl,-rpath-link,"$root/usr/lib/x86_64-linux-gnu"
strace -f -e trace=/sync,openat,pwrite64,write -o calls ./checkpoint >said 2>end && status=0 || status=$?
echo "version    $(head -1 said)"
expect "exit status" "$status" 0
expect "bytes of data in the file, 4 MiB or more" "$(($(stat --format %s checkpoint.h5) >= 4 << 20))" 1
expect "writes to it" "$(($(grep -c pwrite64 calls) > 0))" 1
expect "syncs by the library" "$(sed '/"closed"/,$d' calls | grep -cE 'sync|checkpoint.h5.*O_D?SYNC' || true)" 0
expect "syncs by the program afterwards" "$(grep -c 'fsync(2)' calls)" 1
