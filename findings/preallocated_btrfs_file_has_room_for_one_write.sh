#!/usr/bin/env bash
# On btrfs a file that was preallocated can be written once; the second time the disk may be full.
#
# One would guess: writes into what posix_fallocate(3) reserved "shall not subsequently fail due to the lack of free space", says
# POSIX; that is what databases, logs and download tools preallocate for.
# What happens: btrfs writes into the reserved extents the first time. From then on these are data like others, which btrfs never
# overwrites but puts elsewhere, and for that it needs new room: on a full disk the second write of the same bytes ends with ENOSPC, in
# a file whose size and blocks do not change. fallocate(2) once more reserves nothing, for nothing is missing. With chattr +C,
# set while the file was empty, data are overwritten where they are; not after a snapshot.
# For whom it matters: engines that write their log or their pages in a circle in a preallocated file and take ENOSPC there for
# impossible; disk images made with preallocation=full, whose guest gets errors on a disk that it sees half empty.
# What follows for our users: a preallocated copy guards the copy and not what works on it later. Keep such files on btrfs in a folder
# with chattr +C, and room for a second copy of each that is snapshotted.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages btrfs-progs=6.2-1+deb12u2 liblzo2-2=2.10-2
echo "version    $(btrfs --version), Linux $(uname -r)"

mkdir memory mounted
mount -t tmpfs none memory
# written ATTRIBUTES: what becomes of writing a preallocated file on a full disk three times.
written() {
  rm -f memory/disk
  truncate -s 192M memory/disk
  mkfs.btrfs --quiet memory/disk >words
  mount -o loop memory/disk mounted
  touch mounted/preallocated
  chattr "$1" mounted/preallocated
  fallocate --length 32M mounted/preallocated
  dd if=/dev/urandom of=mounted/rest bs=1M status=none 2>words || true
  sync mounted/rest
  for _ in 1 2 3; do
    if dd if=/dev/urandom of=mounted/preallocated bs=1M count=32 conv=notrunc,fsync status=none 2>complaint; then
      echo -n "written, "
    else
      echo -n "$(grep -o 'No space.*' complaint), "
    fi
    fallocate --length 32M mounted/preallocated
  done
  stat --format '%s bytes' mounted/preallocated
  umount mounted
}
expect "with chattr +C" "$(written +C)" "written, written, written, 33554432 bytes"
expect "as it is" "$(written -C)" "written, No space left on device, No space left on device, 33554432 bytes"
umount memory
