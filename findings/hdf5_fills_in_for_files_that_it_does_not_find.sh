#!/usr/bin/env bash
# An HDF5 file whose data lie in other files reads as zeros where these are missing, short or damaged, without an error.
#
# One would guess: a data set is made of stated parts of stated files, so a part that cannot be had is an error at reading, as
# it is for a chunk of the file itself.
# What happens: a virtual data set takes the fill value, 0 by default, for every source that it cannot open: one that was not
# copied along, a folder, a file that is no HDF5 any more. External storage, raw numbers beside the HDF5 file, does fail when the
# file is missing, but reads as zeros from where it ends too early. h5dump prints the zeros, h5repack -l CONTI writes them into a
# new file, which then needs no others and has nothing to be compared with. All exit with 0.
# For whom it matters: detectors at synchrotrons and telescopes write a small master file over many large ones. Who copies the
# one that "has the name of the run", moves a folder, or lost a part on the way, has means over zeros.
# What follows for our users: copy the whole folder and look at the copier's status. `h5dump -p` names the files that a data set
# is made of; a fill value that cannot be data (NaN) shows what is missing.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages libhdf5-dev=1.10.8+repack1-1 libhdf5-103-1=1.10.8+repack1-1 hdf5-tools=1.10.8+repack1-1 libhdf5-hl-100=1.10.8+repack1-1 \
  libsz2=1.0.6-1+b1 libaec0=1.0.6-1+b1
lib=$root/usr/lib/x86_64-linux-gnu

cat >make.c <<'C'
#include <hdf5.h>

static const hsize_t count = 8;
static const long long numbers[] = {1, 2, 3, 4, 5, 6, 7, 8};

static void make(const char *name, hid_t creation, int filled) {
  const hid_t file = H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t space = H5Screate_simple(1, &count, NULL);
  const hid_t set = H5Dcreate2(file, "numbers", H5T_STD_I64LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  if (filled) H5Dwrite(set, H5T_NATIVE_LLONG, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers);
  H5Dclose(set);
  H5Sclose(space);
  H5Fclose(file);
}

int main(void) {
  const hid_t space = H5Screate_simple(1, &count, NULL);
  make("part.h5", H5P_DEFAULT, 1);
  const hid_t virtual = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_virtual(virtual, space, "part.h5", "numbers", space);
  make("virtual.h5", virtual, 0);
  const hid_t external = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_external(external, "raw", 0, sizeof numbers);
  make("external.h5", external, 1);
  return 0;
}
C
gcc -o make make.c -I"$root/usr/include/hdf5/serial" -l:libhdf5_serial.so.103 -L"$lib" -Wl,-rpath-link,"$lib"
echo "version    $(h5dump --version)"

# numbers FILE: those in it, and the status of h5dump.
numbers() {
  h5dump -y -w 0 -d /numbers -o dumped "$1" >words 2>complaints && status=0 || status=$?
  echo "$(tr -d ' \n' <dumped), status $status"
}
./make
expect "virtual" "$(numbers virtual.h5)" "1,2,3,4,5,6,7,8, status 0"
mv part.h5 elsewhere
expect "virtual, the source missing" "$(numbers virtual.h5)" "0,0,0,0,0,0,0,0, status 0"
echo "no HDF5" >part.h5
expect "virtual, the source another file" "$(numbers virtual.h5)" "0,0,0,0,0,0,0,0, status 0"
expect "external" "$(numbers external.h5)" "1,2,3,4,5,6,7,8, status 0"
truncate -s 24 raw
expect "external, the raw file too short" "$(numbers external.h5)" "1,2,3,0,0,0,0,0, status 0"
h5repack -l CONTI external.h5 one_file.h5
rm raw
expect "external, the raw file missing, status" "$(numbers external.h5 | grep -o 'status .*')" "status 1"
expect "the file that h5repack made of it before" "$(numbers one_file.h5)" "1,2,3,0,0,0,0,0, status 0"
h5repack -l CONTI virtual.h5 one_file.h5
expect "and of the virtual one" "$(numbers one_file.h5)" "0,0,0,0,0,0,0,0, status 0"
