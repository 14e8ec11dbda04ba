#!/usr/bin/env bash
# `mkfs.btrfs --rootdir` of a folder with a file that has a further name outside makes a damaged file system, and exits with 0.
#
# One would guess: a file system that was made of a folder this moment is free of errors. That a file has another name elsewhere is
# nothing that an image could hold: mke2fs -d, mksquashfs, tar and cp count the names that they find.
# What happens: mkfs.btrfs 6.2 takes the link count from stat(2) as it is. In the image the file has fewer names than it counts.
# `btrfs check` of the fresh image says "link count wrong" and fails. Mounted it works, scrub finds nothing, until the file is
# removed: when its last name goes, the count is not zero, so that its blocks are never free again, without a name to reach them.
# For whom it matters: who makes images from a tree that a package store linked together: pnpm, conda and uv, OSTree checkouts, ccache,
# `cp -al` snapshots, `git clone` of a folder. Updates of such a device fill it, and a check in the build, or after the first power
# cut, blames the disk.
# What follows for our users: copy the tree first, so that all names of each file are in it (`carousel cp` of the folder does), and
# let `btrfs check` read the image. For one that is in use `btrfs check --repair` sets the counts, on a copy.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages btrfs-progs=6.2-1+deb12u2 e2fsprogs=1.47.0-2+b2 libext2fs2=1.47.0-2+b2 libcom-err2=1.47.0-2+b2
echo "version    $(mkfs.btrfs --version), $(mke2fs -V 2>&1 | head -1), Linux $(uname -r)"

mkdir tree mounted
head -c 20M /dev/urandom >tree/library
ln tree/library tree/library.1

# image: the exit statuses of mkfs.btrfs and of the check.
image() {
  local make=0 check=0
  rm -f disk
  truncate --size 300M disk
  mkfs.btrfs -q --rootdir tree disk >words 2>&1 || make=$?
  btrfs check disk >words 2>&1 || check=$?
  echo "$make and $check"
}
used() { echo "$(($(df --block-size=1M --output=used mounted | tail -1) >= 20))"; }

expect "both names inside, mkfs.btrfs and btrfs check" "$(image)" "0 and 0"
mount -o loop disk mounted
rm mounted/library mounted/library.1
btrfs filesystem sync mounted
expect "20 MiB are in use after both are removed" "$(used)" 0
umount mounted

ln tree/library store
expect "a third one outside, mkfs.btrfs and btrfs check" "$(image)" "0 and 1"
expect "words of the check" "$(grep -o 'link count wrong' words)" "link count wrong"
mount -o loop disk mounted
expect "the file is whole, its names by its own count" "$(cmp mounted/library tree/library && stat --format %h mounted/library)" 3
rm mounted/library mounted/library.1
umount mounted
mount -o loop disk mounted
btrfs filesystem sync mounted
expect "what is left in it" "$(ls -A mounted)" ""
expect "20 MiB are in use after both are removed" "$(used)" 1
btrfs scrub start -B mounted >words
expect "words of scrub" "$(grep -o 'no errors found' words)" "no errors found"
umount mounted

rm disk
truncate --size 64M disk
mke2fs -q -t ext4 -d tree disk
e2fsck -fn disk >words 2>&1 && status=0 || status=$?
expect "mke2fs -d of the same, status of e2fsck" "$status" 0
