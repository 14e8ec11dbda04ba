#!/usr/bin/env bash
# On btrfs mounted with compress-force, a file that somebody preallocated stays uncompressed.
#
# One would guess: compress-force compresses everything. fallocate(2) only sees to it that there is room; what is written later
# is treated like any other write.
# What happens: btrfs writes into preallocated extents where they are, and those are not compressed. The text that takes 2 MiB
# when it is copied takes 64 MiB when the target was preallocated first. lsattr, the mount options and the file's content are
# the same, so nothing tells the two files apart but the space that is gone.
# For whom it matters: who keeps backups, logs, images or downloads on a compressed btrfs and writes them with a program that
# preallocates to be nice: `rsync --preallocate`, databases, download and copy tools. The disk fills many times faster.
# What follows for our users: a copier should preallocate only where that cannot cost anything, or leave it out on btrfs. Files
# that were written so are put right by `btrfs filesystem defragment -czstd FILE`.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages btrfs-progs=6.2-1+deb12u2 rsync=3.5.0+ds1-0+deb12u1
echo "version    $(mkfs.btrfs --version | head -1), $(rsync --version | head -1 | tr -s ' ' | cut -d' ' -f1-3), Linux $(uname -r)"

yes 'a row of a table' | head -c 64M >text || true
truncate -s 1G disk
mkfs.btrfs -q disk 2>complaints >&2
mkdir shown
mount -o loop,compress-force=zstd disk shown

# stored_by COMMAND...: MiB by which the used space grows when the command has run.
stored_by() {
  btrfs filesystem sync shown
  local before
  before=$(df --output=used -k shown | tail -1)
  "$@"
  btrfs filesystem sync shown
  echo $((($(df --output=used -k shown | tail -1) - before) / 1024))
}

few=$(stored_by cp text shown/copied)
expect "64 MiB of text by cp take less than 8 MiB" "$((few < 8))" 1
few=$(stored_by rsync text shown/by_rsync)
expect "by rsync less than 8 MiB" "$((few < 8))" 1
many=$(stored_by rsync --preallocate text shown/preallocated)
expect "by rsync --preallocate 60 MiB or more" "$((many >= 60))" 1
expect "content" "$(cmp text shown/preallocated && echo same)" same
few=$(stored_by btrfs filesystem defragment -czstd shown/preallocated)
expect "after defragment -czstd it shrinks by 50 MiB or more" "$((few <= -50))" 1
umount shown
