#!/usr/bin/env bash
# On a disk that takes no writes any more `cp`, `sync` and `umount` succeed one after the other, and the file is gone.
#
# One would guess: cp may only reach the page cache, but `sync` waits for the disk and says whether it failed; at the latest umount,
# which writes what is left, ends with an error when it cannot.
# What happens: sync(2) has no result, so `sync` exits with 0 always. umount(2) has one, for "busy" and the like; what became of the
# last write-back is not in it. Errors go to the kernel's log. On ext2, ext4, xfs and btrfs alike a file is copied, synced and
# unmounted with three successes, and is not on the disk. fsync of the file, and `sync -f FILE`, which calls syncfs, do fail.
# For whom it matters: everybody who copies to a stick, a card, an iSCSI or a network disk, and takes `cp && sync && umount` for safe:
# scripts that rotate backup disks print "you may remove the disk now".
# What follows for our users: only fsync and syncfs tell. `sync -f TARGET` (or `carousel cp --sync`, which looks at each fsync) before
# the source is removed or the disk unmounted; the status of umount says nothing of data.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages coreutils=9.1-1 mount=2.38.1-5+deb12u3 util-linux=2.38.1-5+deb12u3 nbdkit=1.32.5-1 libnbd-bin=1.14.2-1 libnbd0=1.14.2-1 libfuse3-3=3.14.0-4 \
  e2fsprogs=1.47.0-2+b2 libext2fs2=1.47.0-2+b2 libcom-err2=1.47.0-2+b2 xfsprogs=6.1.0-1 libinih1=55-1 liburcu8=0.13.2-1 \
  btrfs-progs=6.2-1+deb12u2
echo "version    $(sync --version | head -1), $(umount --version | cut -d"(" -f1), Linux $(uname -r)"
parts=$root/usr/lib/x86_64-linux-gnu/nbdkit

mkdir shown mounted
head -c 4M /dev/urandom >source
# copied_to TYPE CALL...: how copying, CALL and unmounting end on a disk that fails while the file "broken" is there, and what is on it.
copied_to() {
  local type=$1 copied called unmounted
  shift
  rm -f disk
  truncate --size 320M disk
  "mkfs.$type" -q disk >words 2>&1
  nbdfuse shown/disk --command nbdkit --stdin --exit-with-parent --filter="$parts/filters/nbdkit-error-filter.so" \
    "$parts/plugins/nbdkit-file-plugin.so" disk error-pwrite-rate=100% error-zero-rate=100% "error-file=$folder/broken" 2>complaints &
  until_there test -e shown/disk
  loops=("$(losetup --find --show shown/disk)")
  mount -t "$type" "${loops[0]}" mounted
  touch broken
  cp source mounted/copy && copied=0 || copied=$?
  "$@" 2>>complaints && called=0 || called=$?
  umount mounted && unmounted=0 || unmounted=$?
  losetup --detach "${loops[0]}"
  loops=()
  until_there umount shown 2>>complaints
  wait
  rm broken
  mount -o loop disk mounted
  outcome="cp $copied, call $called, umount $unmounted, copy: $([[ -e mounted/copy ]] && echo there || echo gone)"
  umount mounted
}
for type in ext2 ext4 xfs btrfs; do
  copied_to "$type" sync
  expect "$type with sync" "$outcome" "cp 0, call 0, umount 0, copy: gone"
  copied_to "$type" sync -f mounted/copy
  expect "$type with sync -f" "$outcome" "cp 0, call 1, umount 0, copy: gone"
done
